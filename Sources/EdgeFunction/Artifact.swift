// What a run made.

/// A result with what is known of it.
public struct Artifact: Sendable, Equatable {
    /// Where its bytes are.
    public enum Content: Sendable {
        case bytes([UInt8])
        /// Sent by the kernel, without passing through the process.
        case file(HTTPFileRegion)
    }

    public var content: Content
    /// Media type: `image/png`.
    public var type: String
    /// `provider`, `model`, `seed`, `cost` in micro-dollars, `width`, `height`, and what else callers may know; at most 8 KiB as JSON.
    public var facts: JSONObject

    public init(_ content: Content, type: String, facts: JSONObject = [:]) {
        self.content = content
        self.type = type
        self.facts = facts
    }

    public init(_ bytes: [UInt8], type: String, facts: JSONObject = [:]) {
        self.init(.bytes(bytes), type: type, facts: facts)
    }

    /// Bytes of an Edge-Result header.
    static let factsBytesMax = 8 << 10

    /// The facts as a header's value: ASCII, with JSON's own escapes for the rest.
    /// - Throws: ``ArtifactError`` when they are too large.
    func result() throws(ArtifactError) -> String {
        let json = facts.encoded()
        var text = String(decoding: json, as: UTF8.self)
        if !json.allSatisfy({ $0 < 0x7f }) { text = Self.escaped(text) }
        guard text.utf8.count <= Self.factsBytesMax else { throw ArtifactError(factsBytes: text.utf8.count) }
        return text
    }

    private static func escaped(_ json: String) -> String {
        var text = ""
        for unit in json.utf16 {
            if unit < 0x7f {
                text.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            } else {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            }
        }
        return text
    }
}

/// An artifact that cannot be handed to the host.
struct ArtifactError: Error, Equatable, CustomStringConvertible {
    let factsBytes: Int
    var description: String {
        "an artifact's facts have \(factsBytes) bytes as JSON; at most \(Artifact.factsBytesMax) are allowed"
    }
}

extension Artifact.Content: Equatable {
    /// Files are compared by what they are, not by what is in them.
    public static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.bytes(let left), .bytes(let right)): left == right
        case (.file(let left), .file(let right)):
            left.file === right.file && left.offset == right.offset && left.count == right.count
        default: false
        }
    }

    var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .file(let region): region.count
        }
    }

    var body: HTTPResponse.Body {
        switch self {
        case .bytes(let bytes): .bytes(bytes)
        case .file(let region): .file(region)
        }
    }

    /// Pieces of a file that are sent between others.
    private static let pieceBytes = 64 << 10

    /// All of them.
    @LoopActor
    func bytes() async throws -> [UInt8] {
        switch self {
        case .bytes(let bytes): bytes
        case .file(let region): try await Pool.run { try region.read(0..<region.count) }
        }
    }

    @LoopActor
    func write(to writer: HTTPBodyWriter) async throws {
        switch self {
        case .bytes(let bytes): try await writer.write(bytes)
        case .file(let region):
            for start in stride(from: 0, to: region.count, by: Self.pieceBytes) {
                let count = min(Self.pieceBytes, region.count - start)
                try await writer.write(try await Pool.run { try region.read(start..<start + count) })
            }
        }
    }
}

extension HTTPResponse {
    /// One artifact as the body, several as multipart/mixed with a part each.
    init(_ artifacts: [Artifact]) throws(ArtifactError) {
        if artifacts.count == 1, let artifact = artifacts.first {
            self.init(
                headers: ["Content-Type": artifact.type, "Edge-Result": try artifact.result()],
                body: artifact.content.body
            )
            return
        }
        let boundary =
            "edge-\(String(UInt64.random(in: 0...(.max)), radix: 36))\(String(UInt64.random(in: 0...(.max)), radix: 36))"
        var parts: [(head: [UInt8], content: Artifact.Content)] = []
        for artifact in artifacts {
            let head =
                "--\(boundary)\r\nContent-Type: \(artifact.type)\r\nEdge-Result: \(try artifact.result())\r\n\r\n"
            parts.append((Array(head.utf8), artifact.content))
        }
        let end = Array("--\(boundary)--\r\n".utf8)
        let length = parts.reduce(end.count) { $0 + $1.head.count + $1.content.count + 2 }
        self.init(
            headers: ["Content-Type": "multipart/mixed; boundary=\(boundary)"],
            body: .stream(length: length) { [parts] writer in
                for part in parts {
                    try await writer.write(part.head)
                    try await part.content.write(to: writer)
                    try await writer.write([13, 10])
                }
                try await writer.write(end)
            }
        )
    }
}
