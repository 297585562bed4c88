// What a run made.

/// A result with what is known of it.
public struct Artifact: Sendable, Equatable {
    public var bytes: [UInt8]
    /// Media type: `image/png`.
    public var type: String
    /// `provider`, `model`, `seed`, `cost` in micro-dollars, `width`, `height`, and what else callers may know; at most 8 KiB as JSON.
    public var facts: JSONObject

    public init(_ bytes: [UInt8], type: String, facts: JSONObject = [:]) {
        self.bytes = bytes
        self.type = type
        self.facts = facts
    }

    /// Bytes of an Edge-Result header.
    static let factsBytesMax = 8 << 10

    /// The facts as a header's value: ASCII, with JSON's own escapes for the rest.
    /// - Throws: ``ArtifactError`` when they are too large.
    func result() throws(ArtifactError) -> String {
        var text = ""
        for unit in JSONValue.object(facts).text().utf16 {
            if unit < 0x7f {
                text.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            } else {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            }
        }
        guard text.utf8.count <= Self.factsBytesMax else { throw ArtifactError(factsBytes: text.utf8.count) }
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

extension HTTPResponse {
    /// One artifact as the body, several as multipart/mixed with a part each.
    init(_ artifacts: [Artifact]) throws(ArtifactError) {
        if artifacts.count == 1, let artifact = artifacts.first {
            self.init(
                headers: ["Content-Type": artifact.type, "Edge-Result": try artifact.result()],
                body: .bytes(artifact.bytes)
            )
            return
        }
        let boundary =
            "edge-\(String(UInt64.random(in: 0...(.max)), radix: 36))\(String(UInt64.random(in: 0...(.max)), radix: 36))"
        var body: [UInt8] = []
        for artifact in artifacts {
            let head =
                "--\(boundary)\r\nContent-Type: \(artifact.type)\r\nEdge-Result: \(try artifact.result())\r\n\r\n"
            body += Array(head.utf8) + artifact.bytes + [13, 10]
        }
        body += Array("--\(boundary)--\r\n".utf8)
        self.init(headers: ["Content-Type": "multipart/mixed; boundary=\(boundary)"], body: .bytes(body))
    }
}
