// What is asked of an image provider, in the one form that all of them share.

/// One image to make. Nil means: the provider's own default.
public struct ImageRequest: Sendable, Equatable {
    public var prompt: String
    public var negativePrompt: String?
    /// A model by the provider's own naming, such as `black-forest-labs/FLUX.1-schnell`.
    public var model: String?
    public var width: Int?
    public var height: Int?
    public var steps: Int?
    public var guidanceScale: Double?
    public var seed: UInt32?
    /// A scheduler by the provider's own naming, such as `EulerDiscreteScheduler`.
    public var scheduler: String?

    public init(
        prompt: String,
        negativePrompt: String? = nil,
        model: String? = nil,
        width: Int? = nil,
        height: Int? = nil,
        steps: Int? = nil,
        guidanceScale: Double? = nil,
        seed: UInt32? = nil,
        scheduler: String? = nil
    ) {
        self.prompt = prompt
        self.negativePrompt = negativePrompt
        self.model = model
        self.width = width
        self.height = height
        self.steps = steps
        self.guidanceScale = guidanceScale
        self.seed = seed
        self.scheduler = scheduler
    }
}
