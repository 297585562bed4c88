// The name of a model at Runware: an AIR, such as `runware:100@1`.

/// `source:id@version`. The parts are not always numbers (`alibaba:qwen-image@2.0-pro`), so only the form is checked.
public struct RunwareModel: Sendable, Hashable, CustomStringConvertible {
    /// FLUX.1 schnell.
    public static let usual = RunwareModel(known: "runware:100@1")

    static let bytesMax = 200

    public let text: String

    /// - Throws: ``RunwareModelError`` for a text that is no AIR.
    public init(_ text: String) throws(RunwareModelError) {
        let bytes = text.utf8
        let isPlain = bytes.count <= Self.bytesMax && bytes.allSatisfy { (0x21...0x7E).contains($0) }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let rest = parts.count == 2 ? parts[1].split(separator: "@", omittingEmptySubsequences: false) : []
        guard isPlain, !parts[0].isEmpty, rest.count == 2, !rest.contains(where: \.isEmpty),
            !text.hasPrefix("urn:")  // the long form is Civitai's
        else { throw RunwareModelError(text: text) }
        self.text = text
    }

    private init(known: String) { text = known }

    public var description: String { text }
}

/// A model's name that Runware does not take.
public struct RunwareModelError: Error, Sendable, Equatable, CustomStringConvertible {
    let text: String

    public var description: String {
        "\"\(text.prefix(80))\" is no model of Runware: write source:id@version, such as \(RunwareModel.usual)"
    }
}
