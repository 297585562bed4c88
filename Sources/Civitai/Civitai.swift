// Images by Civitai: submits a workflow, asks what became of it, and fetches what it made.
internal import CivilTime
public import JSON
public import Providers

/// Text to image, and image to image, over the workflows (v2) of Civitai's generation API.
///
/// ```swift
/// let settings = try CivitaiSettings(environment: environment)
/// let provider = Civitai(settings: settings, transport: UpstreamTransport(Upstream()))
/// let answer = try await provider.answer(ImageRequest(prompt: "a lighthouse"), attempt: attempt)
/// ```
/// It waits for nothing: what takes time is ``ProviderAnswer/later(after:state:)``, and the state goes on where it was,
/// also after a restart. A workflow is cancelled and given up 40 minutes after it began.
///
/// **Nothing is paid twice.** Each workflow is submitted under an id made of the attempt's (`externalId`). When an answer is lost
/// on the way, the same is submitted again under the same id, and Civitai answers with the workflow that it has already.
///
/// Civitai charges Buzz, an account's balance there, and tells no dollars: ``ImageResult/cost`` is nil, and the details have `buzz`.
public final class Civitai: Provider {
    static let name = "civitai"
    public var name: String { Self.name }
    public let takesAttemptIDs = true
    let settings: CivitaiSettings
    let transport: any ProviderTransport
    let now: @Sendable () -> Timestamp

    public init(settings: CivitaiSettings, transport: any ProviderTransport) {
        self.settings = settings
        self.transport = transport
        now = { .now() }
    }

    /// - Parameter now: what a workflow's age and a Retry-After that is a date are compared with.
    init(settings: CivitaiSettings, transport: any ProviderTransport, now: @escaping @Sendable () -> Timestamp) {
        self.settings = settings
        self.transport = transport
        self.now = now
    }

    public var readiness: ProviderReadiness {
        settings.key != nil
            ? .ready : .notReady("set CIVITAI_API_KEY to an API key, made in your settings at https://civitai.com")
    }

    /// The same for every model: what else one of them does not take comes with its refusal.
    public func abilities(of model: String?) -> ProviderAbilities { Self.abilities }

    private static let abilities = ProviderAbilities(
        [
            .negativePrompt, .width, .height, .steps, .guidanceScale, .seed, .scheduler, .image, .strength, .loras,
            .safety,
        ],
        sizes: .steps(of: 1, in: CivitaiMistake.side)
    )

    public func answer(_ request: ImageRequest, attempt: ProviderAttempt) async throws(ProviderError) -> ProviderAnswer
    {
        if case .notReady(let advice) = readiness { throw refusal(.credentials, advice) }
        if let mistake = CivitaiMistake.text(in: request) { throw refusal(.refused, mistake).unfit }
        let run = CivitaiRun(provider: self, request: request, model: try model(of: request), attempt: attempt)
        if let task = attempt.state.flatMap({ CivitaiTask($0) }) { return try await run.goOn(task) }
        var task = CivitaiTask(id: ExternalID(attemptID: attempt.id), since: now())
        // Submitting again under the same id is how it is asked about.
        if attempt.isUnsure { task.phase = .lost }
        return try await run.submit(task)
    }

    /// Best effort: whoever cancels does not wait for it to be heard.
    public func cancel(state: JSONValue) async {
        guard let task = CivitaiTask(state), task.phase != .made else { return }
        await cancel(task)
    }

    func cancel(_ task: CivitaiTask) async {
        let requests = CivitaiRequests(settings: settings)
        var workflow = task.workflow
        if workflow == nil, let reply = try? await transport.send(requests.search(task.id)) {
            let found = reply.json?["items"]?.array?.first { $0["externalId"]?.string == task.id.text }
            workflow = found.flatMap { CivitaiWorkflow($0) }?.id
        }
        guard let workflow else { return }
        _ = try? await transport.send(requests.cancel(workflow))
    }

    private func model(of request: ImageRequest) throws(ProviderError) -> CivitaiAIR {
        guard let text = request.model else { return .usual }
        do {
            return try CivitaiAIR(model: text)
        } catch {
            throw refusal(.refused, "\(error)")
        }
    }

    func refusal(_ kind: ProviderError.Kind, _ message: String, mayBePaid: Bool = false) -> ProviderError {
        ProviderError(provider: name, kind: kind, message: message, mayBePaid: mayBePaid)
    }
}
