// A model's name, checked before it becomes part of a URL.

/// `<org>/<name>`, or a bare name as a few old models have. It keeps its slash in a URL path.
public struct HFModelID: Sendable, Hashable, CustomStringConvertible {
    public let text: String

    static let lengthMax = 200

    /// - Throws: ``HFModelIDError`` for a name that could lead to another path, query or host.
    public init(_ text: String) throws(HFModelIDError) {
        guard !text.isEmpty, text.utf8.count <= Self.lengthMax else {
            throw HFModelIDError(text: text, reason: "it must have 1 to \(Self.lengthMax) characters")
        }
        // The Hub's own alphabet. It leaves out what a URL treats specially, white space, and everything beyond ASCII.
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "/"):
                true
            default: false
            }
        }
        guard isPlain else {
            throw HFModelIDError(text: text, reason: "it may hold letters, digits, \"-\", \"_\", \".\" and one \"/\"")
        }
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw HFModelIDError(text: text, reason: "it must have the form \"org/name\"")
        }
        let dot = UInt8(ascii: ".")
        let hasDots = zip(text.utf8, text.utf8.dropFirst()).contains { $0 == dot && $1 == dot }
        guard !hasDots, !parts.contains(where: { $0.elementsEqual([dot]) }) else {
            throw HFModelIDError(text: text, reason: "it must not hold \"..\"")
        }
        self.text = text
    }

    public var description: String { text }

    /// `black-forest-labs/FLUX.1-schnell`: quick, and served by most.
    public static let usual = HFModelID(known: "black-forest-labs/FLUX.1-schnell")

    private init(known text: String) { self.text = text }
}

/// A model name that is refused, with the rule that it breaks.
public struct HFModelIDError: Error, Sendable, Equatable, CustomStringConvertible {
    public let text: String
    public let reason: String

    public var description: String {
        let shown = text.unicodeScalars.prefix(80).map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
        return "the model name \"\(String(String.UnicodeScalarView(shown)))\" cannot be used: \(reason)"
    }
}
