// What a provider made, and what is known about how.
public import ImageFormats
public import JSON

/// One finished image. Its bytes were read, so type and size are what they are and not what a label says.
public struct ImageResult: Sendable, Equatable {
    /// Its bytes, wherever they are.
    public let content: ResultBytes
    public let info: ImageInfo

    /// Who made it: `huggingface`, `sandbox`.
    public let provider: String
    public let model: String?
    /// The seed it was made with, where that is known.
    public let seed: UInt32?
    /// In micro-dollars; nil where the provider does not tell.
    public let cost: Int64?
    /// Further facts for whoever looks into an image, such as the routed provider and its request id.
    public let details: JSONObject

    /// - Throws: ``ImageFault`` when the bytes are not a whole image.
    public init(
        bytes content: ResultBytes,
        provider: String,
        model: String?,
        seed: UInt32?,
        cost: Int64?,
        details: JSONObject = [:]
    ) throws(ImageFault) {
        info = try ImageInfo(reading: content)
        self.content = content
        self.provider = provider
        self.model = model
        self.seed = seed
        self.cost = cost
        self.details = details
    }

    /// The same for bytes that are in memory.
    public init(
        bytes: [UInt8],
        provider: String,
        model: String?,
        seed: UInt32?,
        cost: Int64?,
        details: JSONObject = [:]
    ) throws(ImageFault) {
        try self.init(
            bytes: ResultBytes(bytes),
            provider: provider,
            model: model,
            seed: seed,
            cost: cost,
            details: details
        )
    }

    /// A copy of its bytes.
    public var bytes: [UInt8] { content.bytes }

    /// The members of a function's `Edge-Result` header. What is not known is left out.
    public var facts: JSONObject {
        var facts: JSONObject = ["provider": .string(provider), "type": .string(info.type.mediaType)]
        facts["model"] = model.map { .string($0) }
        facts["seed"] = seed.map { .integer(Int64($0)) }
        facts["cost"] = cost.map { .integer($0) }
        facts["width"] = info.width.map { .integer(Int64($0)) }
        facts["height"] = info.height.map { .integer(Int64($0)) }
        for key in details.keys where facts[key] == nil { facts[key] = details[key] }
        return facts
    }
}
