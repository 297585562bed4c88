// The provider that needs no account: it draws, and can act like one that sleeps, limits and fails.
public import Providers
internal import Synchronization

/// Draws a marked picture for every request. One of it holds the behaviour of one pretended model.
public final class Sandbox: Provider {
    public let name = "sandbox"
    public let readiness = ProviderReadiness.ready

    /// How often an image that takes its time tells how far it is.
    static let stepLength: Duration = .milliseconds(500)
    static let stepsMax = 50

    private let settings: SandboxSettings
    private let behaviour: Mutex<SandboxBehaviour>
    private let now: @Sendable () -> Duration
    private let draw: @Sendable (ImageRequest) async -> [UInt8]

    /// - Parameter draw: runs the drawing, some 20 ms of work; a program with an event loop hands it to a thread pool.
    public init(
        settings: SandboxSettings = SandboxSettings(),
        draw: @escaping @Sendable (ImageRequest) async -> [UInt8] = { Sandbox.picture(of: $0) }
    ) {
        let start = ContinuousClock.now
        self.settings = settings
        behaviour = Mutex(SandboxBehaviour(settings: settings))
        now = { start.duration(to: .now) }
        self.draw = draw
    }

    init(settings: SandboxSettings, now: @escaping @Sendable () -> Duration) {
        self.settings = settings
        behaviour = Mutex(SandboxBehaviour(settings: settings))
        self.now = now
        draw = { Sandbox.picture(of: $0) }
    }

    /// The width and height of a picture where none is asked for.
    public static let usualSize = SandboxPicture.usualSize

    /// The picture alone: the same bytes for the same request.
    public static func picture(of request: ImageRequest) -> [UInt8] { SandboxPicture.png(of: request) }

    public func abilities(of model: String?) -> ProviderAbilities {
        ProviderAbilities([.negativePrompt, .width, .height, .steps, .guidanceScale, .seed, .scheduler])
    }

    public func check() async throws(ProviderError) -> String { "the sandbox needs no key and costs nothing" }

    public func answer(
        _ request: ImageRequest,
        attempt: ProviderAttempt
    ) async throws(ProviderError) -> ProviderAnswer {
        switch behaviour.withLock({ $0.asked(at: now()) }) {
        case .loading(let left):
            throw error(.loading(estimate: left), "the model is loading (EDGE_SANDBOX_LOAD); ask again", 503)
        case .limited(let left):
            throw error(.rateLimited(after: left), "one image at a time is allowed (EDGE_SANDBOX_RATE); wait", 429)
        case .fail:
            throw error(.unavailable(after: nil), "this image was set to fail (EDGE_SANDBOX_FAIL); try again", 500)
        case .draw: break
        }
        try await takeTime(attempt)
        behaviour.withLock { $0.finished(at: now()) }
        let bytes = await draw(request)
        do {
            return .image(
                try ImageResult(bytes: bytes, provider: name, model: request.model, seed: request.seed, cost: 0)
            )
        } catch {
            throw self.error(.badAnswer, "\(error)", nil)
        }
    }

    private func takeTime(_ attempt: ProviderAttempt) async throws(ProviderError) {
        guard settings.time > .zero else { return }
        let steps = min(max(1, Int(settings.time / Self.stepLength)), Self.stepsMax)
        for step in 1...steps {
            do {
                try await attempt.pause(settings.time / steps)
            } catch {
                throw self.error(.canceled, "the request was canceled", nil)
            }
            await attempt.report(Double(step) / Double(steps), "step \(step) of \(steps)")
        }
    }

    private func error(_ kind: ProviderError.Kind, _ message: String, _ status: Int?) -> ProviderError {
        ProviderError(provider: name, kind: kind, message: message, status: status)
    }
}
