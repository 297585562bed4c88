// Header fields in their order; names are compared without case.

/// The header fields of a request or an answer. Repeated fields are kept, in order.
public struct UpstreamHeaders: Sendable, Equatable, ExpressibleByDictionaryLiteral, Sequence, CustomStringConvertible {
    private var fields: [(name: String, value: String)] = []

    public init() {}

    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }

    /// The first value of that name. Setting replaces every value of it; nil removes them.
    public subscript(name: String) -> String? {
        get { fields.first { isSameName($0.name, name) }?.value }
        set {
            fields.removeAll { isSameName($0.name, name) }
            if let newValue { add(name, newValue) }
        }
    }

    /// Every value of that name, in order.
    public func values(_ name: String) -> [String] {
        fields.filter { isSameName($0.name, name) }.map(\.value)
    }

    /// Adds a field, also when the name is there already.
    public mutating func add(_ name: String, _ value: String) {
        fields.append((name, value))
    }

    public var count: Int { fields.count }

    public func makeIterator() -> some IteratorProtocol<(name: String, value: String)> { fields.makeIterator() }

    public static func == (left: Self, right: Self) -> Bool {
        left.fields.elementsEqual(right.fields) { isSameName($0.name, $1.name) && $0.value == $1.value }
    }

    /// The names alone: values can be credentials.
    public var description: String { "[\(fields.map(\.name).joined(separator: ", "))]" }

    /// A server may continue a value on the next line.
    mutating func extendLast(with text: String) {
        guard let last = fields.indices.last else { return }
        fields[last].value += " " + text
    }

    mutating func remove(where isOut: (String) -> Bool) {
        fields.removeAll { isOut($0.name) }
    }
}

func isSameName(_ left: String, _ right: String) -> Bool {
    guard left.utf8.count == right.utf8.count else { return false }
    var rest = right.utf8.makeIterator()
    for byte in left.utf8 {
        guard let other = rest.next(), lowercaseByte(byte) == lowercaseByte(other) else { return false }
    }
    return true
}

/// ASCII only, as names of headers and hosts are.
func lowercaseByte(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
