// A public path of a function: exact, or with everything below.
internal import FileReading

/// `/generate`, or `/status/*` for all paths below `/status/` (`/status` itself is not among them).
package struct RoutePattern: Sendable, Hashable, CustomStringConvertible {
    /// The path without `/*`; empty for `/*`, which takes all that nobody else has.
    package let path: String
    /// Whether it ends in `/*`.
    package let takesBelow: Bool

    package var description: String { takesBelow ? path + "/*" : path }

    /// First segments that belong to the host.
    static let hostSegments: Set<String> = ["functions", "images", "healthz", "readyz", "metrics", "_edge"]

    /// What is wrong with a pattern, and what to write instead.
    struct Mistake: Error { let reason: String }

    init(_ text: String) throws(Mistake) {
        guard text.hasPrefix("/") else {
            throw Mistake(reason: "\(quoted(text)) does not begin with /; write \(quoted("/" + text))")
        }
        guard text.utf8.count <= 256 else { throw Mistake(reason: "\(quoted(text)) is longer than 256 bytes") }
        takesBelow = text.hasSuffix("/*")
        path = takesBelow ? String(text.dropLast(2)) : text
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for segment in segments where path != "/" {
            if segment.contains("*") {
                throw Mistake(reason: "\(quoted(text)) has a * inside; it may only end in /*")
            }
            if segment.isEmpty, segment.endIndex == path.endIndex {
                throw Mistake(
                    reason: "\(quoted(text)) ends in /; write \(quoted(String(path.dropLast()))) for that path, "
                        + "\(quoted(path + "*")) for all below"
                )
            }
            if segment.isEmpty || segment == "." || segment == ".." {
                throw Mistake(reason: "\(quoted(text)) has an empty, \".\" or \"..\" segment; write the plain path")
            }
            guard segment.utf8.allSatisfy(Self.isPlain) else {
                throw Mistake(
                    reason: "\(quoted(text)) has characters beyond letters, digits and - . _ ~; write a plain path"
                )
            }
        }
        if let first = segments.first, Self.hostSegments.contains(first.lowercased()) {
            throw Mistake(
                reason: "\(quoted(text)) belongs to the host, as does all below /\(first); choose another path"
            )
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: byte == 0x2d || byte == 0x2e || byte == 0x5f || byte == 0x7e
        }
    }
}
