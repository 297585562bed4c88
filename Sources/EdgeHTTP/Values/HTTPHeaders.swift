// Header fields in order, kept as the bytes that were sent: forwarding changes nothing, and reading builds strings on demand.

/// The fields of a message. Names compare without case; order and repetition are kept.
public struct HTTPHeaders: Sendable, ExpressibleByDictionaryLiteral {
    private var text: [UInt8] = []
    private var lines: [HTTPField] = []

    /// No fields.
    public init() {}

    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }

    /// The fields of a parsed head, copied at once.
    init(_ fields: [HTTPField], in bytes: Bytes) {
        guard let first = fields.first, let last = fields.last else { return }
        let start = first.nameStart
        text = Array(bytes.part(Int(start)..<last.value.upperBound))
        lines = fields
        for index in lines.indices {
            lines[index].nameStart -= start
            lines[index].valueStart -= start
        }
    }

    /// How many field lines there are.
    public var count: Int { lines.count }
    /// Whether there are none.
    public var isEmpty: Bool { lines.isEmpty }

    /// The value of a field, several lines of it joined by ", " (RFC 9110, 5.3); nil without one. Setting replaces them all.
    public subscript(name: String) -> String? {
        get {
            var found: String?
            for line in lines where matches(line, name) {
                found = found.map { "\($0), \(string(line.value))" } ?? string(line.value)
            }
            return found
        }
        set {
            remove(name)
            if let newValue { add(name, newValue) }
        }
    }

    /// The values of all lines of a field, for fields like Set-Cookie that cannot be joined.
    public func values(_ name: String) -> [String] {
        lines.filter { matches($0, name) }.map { string($0.value) }
    }

    /// Whether the field is there.
    public func contains(_ name: String) -> Bool { lines.contains { matches($0, name) } }

    /// Adds one line. Control characters in the value become spaces: no value can begin another line.
    /// - Precondition: `name` is a token.
    public mutating func add(_ name: String, _ value: String) {
        precondition(!name.isEmpty && name.utf8.allSatisfy(ByteSet.token.contains), "\(name) is no field name")
        let nameStart = text.count
        text += name.utf8
        let valueStart = text.count
        for byte in value.utf8 { text.append(byte < Byte.space || byte == Byte.delete ? Byte.space : byte) }
        lines.append(
            HTTPField(
                nameStart: UInt32(nameStart),
                nameCount: UInt32(valueStart - nameStart),
                valueStart: UInt32(valueStart),
                valueCount: UInt32(text.count - valueStart)
            )
        )
    }

    /// Adds all lines of other headers.
    public mutating func add(contentsOf other: HTTPHeaders) {
        let offset = UInt32(text.count)
        text += other.text
        for var line in other.lines {
            line.nameStart += offset
            line.valueStart += offset
            lines.append(line)
        }
    }

    /// Removes every line of a field.
    public mutating func remove(_ name: String) {
        let text = self.text
        lines.removeAll { Self.matches($0, name, in: text) }
    }

    /// Removes every line that `isRemoved` chooses by its name in lower case.
    public mutating func removeAll(where isRemoved: (_ lowercaseName: String) -> Bool) {
        let text = self.text
        lines.removeAll { isRemoved(String(decoding: text[$0.name], as: UTF8.self).lowercased()) }
    }

    /// Whether a comma-separated field has this member, compared without case.
    public func hasMember(_ member: String, in name: String) -> Bool {
        let wanted = Array(member.utf8)
        return text.withUnsafeBytes { bytes in
            lines.contains { line in
                guard matches(line, name) else { return false }
                var isFound = false
                HTTPList.forEachMember(bytes.part(line.value)) { found in
                    if found.elementsEqual(wanted, by: { Byte.lowercase($0) == Byte.lowercase($1) }) { isFound = true }
                }
                return isFound
            }
        }
    }

    /// Removes what belongs to one connection and not to the message (RFC 9110, 7.6.1), and what Connection names.
    public mutating func removeHopByHop() {
        var named: [String] = []
        for value in values("connection") {
            named += value.split(separator: ",").map { $0.trimmed.lowercased() }
        }
        removeAll { Self.hopByHop.contains($0) || named.contains($0) }
    }

    private static let hopByHop: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    ]

    /// Calls `body` with each line's name and value as raw bytes.
    @inline(__always)
    func forEachLine(_ body: (_ name: Bytes, _ value: Bytes) -> Void) {
        text.withUnsafeBytes { bytes in
            for line in lines { body(bytes.part(line.name), bytes.part(line.value)) }
        }
    }

    private func matches(_ line: HTTPField, _ name: String) -> Bool { Self.matches(line, name, in: text) }

    private static func matches(_ line: HTTPField, _ name: String, in text: [UInt8]) -> Bool {
        guard Int(line.nameCount) == name.utf8.count else { return false }
        return zip(text[line.name], name.utf8).allSatisfy { Byte.lowercase($0) == Byte.lowercase($1) }
    }

    private func string(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
}

extension HTTPHeaders: Sequence {
    /// Goes through the lines as strings, in order.
    public func makeIterator() -> AnyIterator<(name: String, value: String)> {
        var index = 0
        return AnyIterator {
            guard index < lines.count else { return nil }
            defer { index += 1 }
            return (string(lines[index].name), string(lines[index].value))
        }
    }
}

extension HTTPHeaders: Equatable, CustomStringConvertible {
    public static func == (left: HTTPHeaders, right: HTTPHeaders) -> Bool {
        left.count == right.count
            && zip(left, right).allSatisfy { $0.name.lowercased() == $1.name.lowercased() && $0.value == $1.value }
    }

    /// The names alone: values can be credentials.
    public var description: String { "[\(map(\.name).joined(separator: ", "))]" }
}

extension Substring {
    var trimmed: Substring {
        var part = self
        while let first = part.first, first == " " || first == "\t" { part.removeFirst() }
        while let last = part.last, last == " " || last == "\t" { part.removeLast() }
        return part
    }
}
