// Header fields in order, kept as the bytes that were sent: forwarding changes nothing, and reading builds strings on demand.

/// The fields of a message. Names compare without case; order and repetition are kept.
public struct HTTPHeaders: Sendable, ExpressibleByDictionaryLiteral {
    private var text: [UInt8] = []
    private var lines: [HTTPField] = []

    /// No fields.
    public init() {}

    public init(dictionaryLiteral elements: (String, String)...) {
        reserve(
            lines: elements.count + Self.addedLines,
            bytes: elements.reduce(Self.addedBytes) { $0 + $1.0.utf8.count + $1.1.utf8.count }
        )
        for (name, value) in elements { add(name, value) }
    }

    /// Room for what is added on the way of an answer, so that most heads are never moved.
    private static let addedLines = 8
    private static let addedBytes = 640

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

    /// At most so many bytes are all lines as they are sent.
    var sentBytesMax: Int { text.count + lines.count * ": \r\n".utf8.count }

    /// How many field lines there are.
    public var count: Int { lines.count }
    /// Whether there are none.
    public var isEmpty: Bool { lines.isEmpty }

    /// The value of a field, several lines of it joined by ", " (RFC 9110, 5.3); nil without one. Setting replaces them all.
    public subscript(name: String) -> String? {
        get {
            var found: String?
            forEachValue(of: name) { value in
                let text = String(decoding: value, as: UTF8.self)
                found = found.map { "\($0), \(text)" } ?? text
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
        var values: [String] = []
        forEachValue(of: name) { values.append(String(decoding: $0, as: UTF8.self)) }
        return values
    }

    /// Whether the field is there.
    public func contains(_ name: String) -> Bool {
        var isFound = false
        forEachValue(of: name) { _ in isFound = true }
        return isFound
    }

    /// Makes room for this many further lines and bytes of names and values, so that adding them moves nothing.
    package mutating func reserve(lines count: Int, bytes: Int) {
        lines.reserveCapacity(lines.count + count)
        text.reserveCapacity(text.count + bytes)
    }

    /// Adds one line. Control characters in the value become spaces: no value can begin another line.
    /// - Precondition: `name` is a token.
    public mutating func add(_ name: String, _ value: String) {
        let nameStart = text.count
        text.append(utf8Of: name)
        let valueStart = text.count
        text.append(utf8Of: value)
        let isToken = text.withUnsafeMutableBufferPointer { text in
            for index in valueStart..<text.count where text[index] < Byte.space || text[index] == Byte.delete {
                text[index] = Byte.space
            }
            return valueStart > nameStart && text[nameStart..<valueStart].allSatisfy(ByteSet.token.contains)
        }
        precondition(isToken, "\(name) is no field name")
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
        guard contains(name) else { return }
        var name = name
        name.withUTF8 { wanted in removeAll { $0.matches(Bytes(wanted)) } }
    }

    /// Removes every line of all these fields.
    package mutating func remove(_ names: HTTPFieldNames) { removeAll { names.contains($0) } }

    /// Whether a comma-separated field has this member, compared without case.
    public func hasMember(_ member: String, in name: String) -> Bool {
        var isFound = false
        forEachValue(of: name) { value in
            var member = member
            member.withUTF8 { wanted in
                HTTPList.forEachMember(value) { if $0.matches(Bytes(wanted)) { isFound = true } }
            }
        }
        return isFound
    }

    /// Removes what belongs to one connection and not to the message (RFC 9110, 7.6.1), and what Connection names.
    /// - Parameter others: go in the same pass.
    package mutating func removeHopByHop(and others: HTTPFieldNames = HTTPFieldNames([])) {
        let text = self.text
        text.withUnsafeBytes { bytes in
            var named: [Bytes] = []
            for line in lines where bytes.part(line.name).equalsLowercase("connection") {
                HTTPList.forEachMember(bytes.part(line.value)) { named.append($0) }
            }
            removeAll { name in
                HTTPFieldNames.hopByHop.contains(name) || others.contains(name)
                    || named.contains { $0.matches(name) }
            }
        }
    }

    /// Calls `body` with each line's name and value as raw bytes.
    @inline(__always)
    func forEachLine(_ body: (_ name: Bytes, _ value: Bytes) -> Void) {
        text.withUnsafeBytes { bytes in
            for line in lines { body(bytes.part(line.name), bytes.part(line.value)) }
        }
    }

    /// Calls `body` with the value of each line of a field.
    @inline(__always)
    private func forEachValue(of name: String, _ body: (Bytes) -> Void) {
        var name = name
        name.withUTF8 { wanted in
            forEachLine { found, value in if found.matches(Bytes(wanted)) { body(value) } }
        }
    }

    /// Removes every line whose name `isRemoved` chooses.
    @inline(__always)
    private mutating func removeAll(_ isRemoved: (_ name: Bytes) -> Bool) {
        let text = self.text
        text.withUnsafeBytes { bytes in
            // Most heads have nothing to remove, and then nothing is copied.
            guard lines.contains(where: { isRemoved(bytes.part($0.name)) }) else { return }
            lines.removeAll { isRemoved(bytes.part($0.name)) }
        }
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
