// Writing JSON.

extension JSONValue {
    /// This value as JSON in UTF-8. Whole numbers are exact, doubles as short as reading them back allows (`1.0`, `1e+16`); infinity
    /// and not-a-number, which JSON does not have, become `null`. Strings are escaped only where JSON requires it.
    ///
    /// - Parameters:
    ///   - pretty: a line for each value, indented by two spaces.
    ///   - sortedKeys: members in the order of their keys, so that equal values give equal bytes.
    public func encoded(pretty: Bool = false, sortedKeys: Bool = false) -> [UInt8] {
        var encoder = JSONEncoder(pretty: pretty, sortedKeys: sortedKeys)
        encoder.add(self)
        return encoder.bytes
    }

    /// This value as JSON text; see ``encoded(pretty:sortedKeys:)``.
    public func text(pretty: Bool = false, sortedKeys: Bool = false) -> String {
        String(decoding: encoded(pretty: pretty, sortedKeys: sortedKeys), as: UTF8.self)
    }
}

extension JSONValue: CustomStringConvertible {
    public var description: String { text() }
}

struct JSONEncoder {
    private(set) var bytes: [UInt8] = []
    private let pretty: Bool
    private let sortedKeys: Bool
    private var depth = 0

    init(pretty: Bool, sortedKeys: Bool) {
        self.pretty = pretty
        self.sortedKeys = sortedKeys
        bytes.reserveCapacity(256)
    }

    mutating func add(_ value: JSONValue) {
        switch value {
        case .null: write("null")
        case .bool(let value): write(value ? "true" : "false")
        case .integer(let value): add(value)
        case .double(let value):
            if value.isFinite { bytes.append(contentsOf: value.description.utf8) } else { write("null") }
        case .string(let value): add(value)
        case .array(let values): add(values)
        case .object(let object): add(object)
        }
    }

    private mutating func add(_ values: [JSONValue]) {
        guard !values.isEmpty else { return write("[]") }
        open(UInt8(ascii: "["))
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            newLine()
            add(value)
        }
        close(UInt8(ascii: "]"))
    }

    private mutating func add(_ object: JSONObject) {
        guard !object.isEmpty else { return write("{}") }
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
        bytes.append(contentsOf: repeatElement(0x20, count: depth * 2))
    }

    private mutating func write(_ word: StaticString) {
        word.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private mutating func add(_ number: Int64) {
        bytes.append(contentsOf: String(number).utf8)  // at most 20 digits, the first 15 of them without allocation
    }

    private mutating func add(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            var start = 0
            for (index, byte) in utf8.enumerated()
            where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<index]))
                addEscape(byte)
                start = index + 1
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start...]))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func addEscape(_ byte: UInt8) {
        switch byte {
        case 0x22: write("\\\"")
        case 0x5c: write("\\\\")
        case 0x08: write("\\b")
        case 0x0c: write("\\f")
        case 0x0a: write("\\n")
        case 0x0d: write("\\r")
        case 0x09: write("\\t")
        default:
            write("\\u00")
            bytes.append(48 + byte >> 4)
            bytes.append(byte & 15 < 10 ? 48 + byte & 15 : 87 + byte & 15)
        }
    }
}

extension JSONObject {
    /// As ``JSONValue/encoded(pretty:sortedKeys:)``.
    public func encoded(pretty: Bool = false, sortedKeys: Bool = false) -> [UInt8] {
        JSONValue.object(self).encoded(pretty: pretty, sortedKeys: sortedKeys)
    }
}
