// What is asked of an image provider, in the one form that all of them share.

/// One image or video to make. Nil means: the provider's own default.
public struct ImageRequest: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable { case image, video }

    public var kind = Kind.image
    public var prompt: String
    public var negativePrompt: String?
    /// A model by the provider's own naming, such as `black-forest-labs/FLUX.1-schnell` or `runware:100@1`.
    public var model: String?
    public var width: Int?
    public var height: Int?
    public var steps: Int?
    public var guidanceScale: Double?
    public var seed: UInt32?
    /// The caller named no seed and wants a new picture, so ``seed`` was drawn. A provider that takes no seeds leaves it out.
    public var isSeedDrawn = false
    /// A scheduler by the provider's own naming, such as `EulerDiscreteScheduler`.
    public var scheduler: String?
    /// The picture to begin with.
    public var image: ImageInput?
    /// Where the picture may change: white is made new.
    public var mask: ImageInput?
    /// How far from the picture it may go, 0 to 1.
    public var strength: Double?
    public var loras: [Lora] = []
    /// Whether the provider is to look for unsafe content.
    public var checksSafety: Bool?
    /// Seconds of a video.
    public var duration: Double?
    /// Whether what a provider has no place for may be left out. The result then says what was.
    public var isLenient = false

    public init(
        prompt: String,
        negativePrompt: String? = nil,
        model: String? = nil,
        width: Int? = nil,
        height: Int? = nil,
        steps: Int? = nil,
        guidanceScale: Double? = nil,
        seed: UInt32? = nil,
        scheduler: String? = nil,
        isSeedDrawn: Bool = false
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
        self.isSeedDrawn = isSeedDrawn
    }
}

/// A small model laid over another one.
public struct Lora: Sendable, Equatable {
    /// By the provider's own naming.
    public var model: String
    /// Negative weights are allowed.
    public var weight: Double

    public init(model: String, weight: Double = 1) {
        self.model = model
        self.weight = weight
    }
}

/// A picture that a request brings: a PNG, JPEG or WebP of at most 10 MiB, on disk.
public struct ImageInput: Sendable, Equatable {
    /// Of its bytes, 64 hexadecimal digits: its name everywhere, the cache key included.
    public var sha256: String
    /// Where its bytes are; empty before a run.
    public var path: String

    public init(sha256: String, path: String = "") {
        self.sha256 = sha256
        self.path = path
    }
}
