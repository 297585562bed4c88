// The shape of an image provider: what a function asks of it, and what it may answer.
public import JSON

/// Something that makes images. Each provider is a target of its own; a function picks one by its name.
public protocol Provider: Sendable {
    /// As callers write it: `huggingface`, `sandbox`.
    var name: String { get }

    /// Whether its settings let it be used now. Asks nobody.
    var readiness: ProviderReadiness { get }

    /// Whether it takes ``ProviderAttempt/id`` as the id of its own request, so that it can be asked what became of one.
    var takesAttemptIDs: Bool { get }

    /// What it can do with a model, as far as that is known before it is asked; nil: its usual one.
    func abilities(of model: String?) -> ProviderAbilities

    /// Makes one image, or says why not. Never retries by itself: waiting is its caller's work.
    func answer(
        _ request: ImageRequest,
        attempt: ProviderAttempt
    ) async throws(ProviderError) -> ProviderAnswer

    /// Tells it, where it can be told, that nobody waits any more for what ``ProviderAnswer/later(after:state:)`` left behind.
    func cancel(state: JSONValue) async

    /// The cheapest call that proves the key. The text says what is known: "the key works; balance 12.34 USD".
    func check() async throws(ProviderError) -> String
}

extension Provider {
    public var takesAttemptIDs: Bool { false }
    public func cancel(state: JSONValue) async {}
}

public enum ProviderReadiness: Sendable, Equatable {
    case ready
    /// The text says what to do: "set HUGGINGFACE_API_KEY".
    case notReady(String)
}

public enum ProviderAnswer: Sendable, Equatable {
    case image(ImageResult)
    /// The provider works on it: ask again after that time and hand the state back.
    case later(after: Duration, state: JSONValue)
}

/// One try at a request, as the host counts them.
public struct ProviderAttempt: Sendable {
    /// 1 for the first. Waits for a loading model or a rate limit do not count.
    public var number: Int
    /// Equal on every re-run of the same attempt, for providers that take a request id of ours.
    public var id: String
    /// Whether an earlier run of this attempt may have reached the provider, whose answer was lost: ask what became of it
    /// before anything is sent again.
    public var isUnsure: Bool
    /// What ``ProviderAnswer/later(after:state:)`` asked to keep the last time.
    public var state: JSONValue?
    /// The time until the caller gives up on this attempt.
    public var timeout: Duration
    /// Tells whoever waits how far it is: 0 to 1 and a short note.
    public var report: @Sendable (Double, String) async -> Void
    /// How many unfinished pictures somebody who waits would like to see; a provider that has none shows none.
    public var partialImages: Int
    /// Shows one of them.
    public var show: @Sendable (PartialImage) async -> Void
    /// Waits; throws `CancellationError` when the caller has gone.
    public var pause: @Sendable (Duration) async throws(CancellationError) -> Void

    public init(
        number: Int = 1,
        id: String = "",
        isUnsure: Bool = false,
        state: JSONValue? = nil,
        timeout: Duration = .seconds(300),
        report: @escaping @Sendable (Double, String) async -> Void = { _, _ in },
        partialImages: Int = 0,
        show: @escaping @Sendable (PartialImage) async -> Void = { _ in },
        pause: @escaping @Sendable (Duration) async throws(CancellationError) -> Void
    ) {
        self.number = number
        self.id = id
        self.isUnsure = isUnsure
        self.state = state
        self.timeout = timeout
        self.report = report
        self.partialImages = partialImages
        self.show = show
        self.pause = pause
    }
}
