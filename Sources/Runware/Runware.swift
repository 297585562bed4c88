// Images and videos by Runware: begins a task, asks what became of it, and fetches what it made.
internal import CivilTime
public import Providers

/// Image and video inference over Runware's HTTP API.
///
/// ```swift
/// let settings = try RunwareSettings(environment: environment)
/// let provider = Runware(settings: settings, transport: UpstreamTransport(Upstream()))
/// let answer = try await provider.answer(ImageRequest(prompt: "a lighthouse"), attempt: attempt)
/// ```
/// It waits for nothing: what takes time is ``ProviderAnswer/later(after:state:)``, and the state goes on where it was,
/// also after a restart. A task is given up 20 minutes after it began.
///
/// **Nothing is paid twice.** The task's id is made of the attempt's. When an answer is lost on the way, Runware is asked
/// about the id before anything is sent again, and what is sent again has the same id, which Runware takes only once.
///
/// Nothing can be cancelled at Runware: a task goes on, and is paid, when nobody waits for it any more.
public final class Runware: Provider {
    public let name = "runware"
    public let takesAttemptIDs = true
    let settings: RunwareSettings
    let transport: any ProviderTransport
    let now: @Sendable () -> Timestamp

    public init(settings: RunwareSettings, transport: any ProviderTransport) {
        self.settings = settings
        self.transport = transport
        now = { .now() }
    }

    /// - Parameter now: what a task's age and a Retry-After that is a date are compared with.
    init(settings: RunwareSettings, transport: any ProviderTransport, now: @escaping @Sendable () -> Timestamp) {
        self.settings = settings
        self.transport = transport
        self.now = now
    }

    public var readiness: ProviderReadiness {
        settings.key != nil ? .ready : .notReady("set RUNWARE_API_KEY to a key of your account at https://runware.ai")
    }

    /// Everything, for any model: which parameters and sizes a model takes comes with its refusal.
    public func abilities(of model: String?) -> ProviderAbilities { Self.abilities }

    private static let abilities = ProviderAbilities(
        .all,
        sizes: .steps(of: 1, in: RunwareMistake.side),
        kinds: [.image, .video]
    )

    public func answer(
        _ request: ImageRequest,
        attempt: ProviderAttempt
    ) async throws(ProviderError) -> ProviderAnswer {
        if case .notReady(let advice) = readiness { throw refusal(.credentials, advice) }
        if let mistake = RunwareMistake.text(in: request) { throw refusal(.refused, mistake).unfit }
        let run = RunwareRun(provider: self, request: request, model: try model(of: request), attempt: attempt)
        if let task = attempt.state.flatMap({ RunwareTask($0) }) { return try await run.ask(task) }
        var task = RunwareTask(id: TaskUUID(attemptID: attempt.id), since: now())
        guard attempt.isUnsure else { return try await run.begin(task) }
        task.phase = .lost
        return try await run.ask(task)
    }

    private func model(of request: ImageRequest) throws(ProviderError) -> RunwareModel {
        guard let text = request.model else {
            guard request.kind == .image else {
                throw refusal(.refused, "a video needs a model: name one of Runware's video models")
            }
            return settings.defaultModel
        }
        do {
            return try RunwareModel(text)
        } catch {
            throw refusal(.refused, "\(error)")
        }
    }

    func refusal(_ kind: ProviderError.Kind, _ message: String, mayBePaid: Bool = false) -> ProviderError {
        ProviderError(provider: name, kind: kind, message: message, mayBePaid: mayBePaid)
    }
}
