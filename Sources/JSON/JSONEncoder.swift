// Writes one JSON value.

struct JSONEncoder: ~Copyable {
    private var bytes = ByteWriter(capacity: 1024)
    private let pretty: Bool
    private let sortedKeys: Bool
    private var depth = 0

    init(pretty: Bool, sortedKeys: Bool) {
        self.pretty = pretty
        self.sortedKeys = sortedKeys
    }

    /// What has been added.
    var written: [UInt8] { bytes.written }

    mutating func add(_ value: JSONValue) {
        switch value {
        case .null: bytes.append("null")
        case .bool(let value): bytes.append(value ? "true" : "false")
        case .integer(let value): add(value)
        case .double(let value):
            if value.isFinite {
                for byte in value.description.utf8 { bytes.append(byte) }
            } else {
                bytes.append("null")
            }
        case .string(let value): add(value)
        case .array(let values): add(values)
        case .object(let object): add(object)
        }
    }

    private mutating func add(_ values: [JSONValue]) {
        guard !values.isEmpty else { return bytes.append("[]") }
        open(UInt8(ascii: "["))
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            newLine()
            add(value)
        }
        close(UInt8(ascii: "]"))
    }

    private mutating func add(_ object: JSONObject) {
        guard !object.isEmpty else { return bytes.append("{}") }
        let members =
            sortedKeys
            ? object.members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } : object.members
        open(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            newLine()
            add(member.key)
            bytes.append(UInt8(ascii: ":"))
            if pretty { bytes.append(0x20) }
            add(member.value)
        }
        close(UInt8(ascii: "}"))
    }

    private mutating func open(_ bracket: UInt8) {
        bytes.append(bracket)
        depth += 1
    }

    private mutating func close(_ bracket: UInt8) {
        depth -= 1
        newLine()
        bytes.append(bracket)
    }

    private mutating func newLine() {
        guard pretty else { return }
        bytes.append(0x0a)
        for _ in 0..<depth * 2 { bytes.append(0x20) }
    }

    private mutating func add(_ number: Int64) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        bytes.append(digitsOf: number.magnitude)
    }

    private mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { bytes.append(quoted: $0) }
    }
}
