// An HTTP answer as a test sees it.
public import JSON

/// A whole answer. Header names keep their spelling and order.
public struct ProbeAnswer: Sendable {
    public internal(set) var status = 0
    public internal(set) var headers: [(name: String, value: String)] = []
    public internal(set) var body: [UInt8] = []

    /// The first value of that name, whatever its case.
    public subscript(name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// All values of that name, joined as RFC 9110 does.
    public func all(_ name: String) -> String {
        headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value).joined(separator: ", ")
    }

    /// The body for comparisons: a test that fails shows it in short.
    public var content: Content { Content(body) }

    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON; null when it is none.
    public var json: JSONValue { (try? JSONValue.parse(body)) ?? .null }

    /// The number of a header, such as Retry-After.
    public func number(_ name: String) -> Int? { self[name].flatMap { Int($0) } }

    /// Width and height, when the body begins like a PNG.
    public var pngSize: (width: Int, height: Int)? {
        guard body.count > 24, body.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else { return nil }
        func number(at start: Int) -> Int { body[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
        return (number(at: 16), number(at: 20))
    }
}

/// Bytes that show themselves in short.
public struct Content: Hashable, Sendable, CustomStringConvertible {
    public let bytes: [UInt8]

    public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    public var description: String {
        let isText = bytes.first == UInt8(ascii: "{")
        return "\(bytes.count) bytes"
            + (isText
                ? ": \(String(decoding: bytes.prefix(400), as: UTF8.self))" : " that begin with \(bytes.prefix(8))")
    }
}

/// One event of an event stream.
public struct ProbeEvent: Sendable, Equatable {
    public var name = "message"
    public var data = ""
    /// `retry:` in milliseconds.
    public var retry: Int?
    /// Comment lines only.
    public var isComment = false

    public var json: JSONValue { (try? JSONValue.parse(data)) ?? .null }

    /// - Parameter text: the lines of one event.
    public init(_ text: String) {
        var data: [Substring] = []
        var hasField = false
        for line in text.split(separator: "\n") where !line.hasPrefix(":") {
            hasField = true
            let value = line.drop { $0 != ":" }.dropFirst()
            let trimmed = value.first == " " ? value.dropFirst() : value
            switch line.prefix(while: { $0 != ":" }) {
            case "event": name = String(trimmed)
            case "data": data.append(trimmed)
            case "retry": retry = Int(trimmed)
            default: break
            }
        }
        isComment = !hasField
        self.data = data.joined(separator: "\n")
    }
}
