// A model's name, and what can be told from it.
internal import Providers

/// The name of a model, as it is sent. Names may hold a slash or a colon: other hosts have such.
public struct OpenAIModel: Sendable, Hashable, CustomStringConvertible {
    public let text: String
    let family: Family

    static let lengthMax = 200

    /// - Throws: ``OpenAIModelError`` for a name with spaces or characters beyond ASCII, or without any.
    public init(_ text: String) throws(OpenAIModelError) {
        guard !text.isEmpty, text.utf8.count <= Self.lengthMax else {
            throw OpenAIModelError(reason: "a model name has 1 to \(Self.lengthMax) characters")
        }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw OpenAIModelError(reason: "a model name has no space and no character beyond ASCII")
        }
        self.init(known: text)
    }

    public var description: String { text }

    /// `gpt-image-1-mini`: the cheapest that OpenAI has.
    public static let usual = OpenAIModel(known: "gpt-image-1-mini")

    private init(known text: String) {
        self.text = text
        family = Family(of: text)
    }

    /// What a name says about the requests that the model takes.
    enum Family: Hashable {
        /// GPT image models up to 1.5, in three sizes. They refuse `response_format`, and always answer in base64.
        case gptFixed
        /// The same from `gpt-image-2` on, in sizes of one's choice.
        case gptFree
        case dallE2
        case dallE3
        /// Whatever other servers have.
        case other

        fileprivate init(of text: String) {
            // Gateways put the maker's name in front: `openai/gpt-image-2`.
            let name = text.lowercased().split(separator: "/").last.map(String.init) ?? text
            self =
                switch name {
                case _ where name.hasPrefix("gpt-image-1") || name.hasPrefix("chatgpt-image"): .gptFixed
                case _ where name.hasPrefix("gpt-image-"): .gptFree
                case _ where name.hasPrefix("dall-e-2"): .dallE2
                case _ where name.hasPrefix("dall-e-3"): .dallE3
                default: .other
                }
        }
    }
}

extension OpenAIModel.Family {
    /// Whether it refuses `response_format` and takes `output_format`.
    var isGPT: Bool { self == .gptFixed || self == .gptFree }

    /// Whether it may be asked to show a picture before it is finished.
    var streams: Bool { self != .dallE2 && self != .dallE3 }

    /// What of a free size does not fit is found by ``misfit(width:height:)``: a ratio is no property of one side.
    var sizes: ProviderAbilities.Sizes {
        switch self {
        case .gptFixed: .listed([[1024, 1024], [1536, 1024], [1024, 1536]])
        case .gptFree: .steps(of: Self.freeStep, in: Self.freeStep...Self.freeLongMax)
        case .dallE2: .listed([[256, 256], [512, 512], [1024, 1024]])
        case .dallE3: .listed([[1024, 1024], [1792, 1024], [1024, 1792]])
        case .other: .any
        }
    }

    private static let freeStep = 16
    private static let freeLongMax = 3840
    private static let freeShortMax = 2160
    private static let freeRatioMax = 3

    /// What may stand in place of a size that the family does not take; nil for one that it takes.
    func misfit(width: Int, height: Int) -> String? {
        switch self {
        case .other: return nil
        case .gptFree:
            let (short, long) = (min(width, height), max(width, height))
            let fits =
                width.isMultiple(of: Self.freeStep) && height.isMultiple(of: Self.freeStep) && short >= Self.freeStep
                && long <= Self.freeLongMax && short <= Self.freeShortMax && long <= short * Self.freeRatioMax
            return fits
                ? nil
                : "sides that are multiples of \(Self.freeStep), at most \(Self.freeRatioMax) to 1, up to \(Self.freeLongMax)x\(Self.freeShortMax)"
        case .gptFixed, .dallE2, .dallE3:
            guard case .listed(let sizes) = sizes, !sizes.contains([width, height]) else { return nil }
            return sizes.map { $0.map(String.init).joined(separator: "x") }.joined(separator: ", ")
        }
    }
}

/// A model name that is refused.
public struct OpenAIModelError: Error, Sendable, Equatable, CustomStringConvertible {
    public let reason: String

    public var description: String { reason }
}
