// The function `generate`: an image from a prompt, by whichever provider the request or the settings name.
internal import CivilTime
internal import EdgeFunction
internal import EdgeLoop
internal import FileReading
internal import JSON
internal import Providers
internal import Sandbox
internal import Secrets
internal import Upstream

/// Joins the host's calls to admission and providers; decides nothing itself.
@main
struct Generate: PromptAdmission {
    private let providers: GenerateProviders

    /// Bytes of a request: a prompt, a few numbers, and hashes of pictures.
    private static let bodyBytesMax = 1 << 20

    init() throws {
        let environment = ProcessEnvironment.atStart()
        let settings = try GenerateSettings.read(environment, providers: KnownProviders.all)
        let results = AddressPolicy(allowsLoopback: false, allowsPrivate: false, allowed: settings.resultNetworks)
        providers = try GenerateProviders(
            environment: environment,
            settings: settings,
            tools: ProviderTools(transport: UpstreamTransport(Upstream(), results: Upstream(policy: results))) {
                request in
                await Pool.run { Sandbox.picture(of: request) }
            }
        )
    }

    func admit(_ request: Request) async throws -> Ticket {
        try admit(AskedRequest(request, body: try await request.body.collect(upTo: Self.bodyBytesMax)))
    }

    func admit(_ asked: AskedRequest) throws -> Ticket {
        let admission = providers.admission.with(ownTokens: asked.ownTokens)
        do {
            let admitted = try admission.admit(
                method: asked.method,
                target: asked.target,
                contentType: asked.contentType,
                body: asked.body,
                allowsNSFW: asked.allowsNSFW
            )
            return admission.ticket(admitted) { .random(in: 0...UInt32.max) }
        } catch {
            throw Problem(
                status: error.status,
                code: error.code,
                detail: error.description,
                members: error.field.map { ["field": .string($0)] } ?? [:]
            )
        }
    }

    func run(_ job: Job) async throws -> Outcome {
        guard let input = GenerateInput(job.input), let candidate = input.candidate(job.lane) else {
            throw Problem(
                status: 400,
                code: "bad_input",
                detail: "The job's input cannot be read; send the request again."
            )
        }
        let state = RunReply.State(job.state)
        let attempt = ProviderAttempt(
            number: job.attempt,
            id: job.attemptID,
            isUnsure: job.isUnsure,
            state: state.provider,
            timeout: Self.timeLeft(job.deadline),
            report: { fraction, note in await job.progress(fraction, note: note) },
            partialImages: job.partialImages,
            show: { partial in await job.show(Artifact(partial), index: partial.index) },
            pause: { duration throws(CancellationError) in
                do { try await sleep(for: duration) } catch { throw CancellationError() }
            }
        )
        let request = try Self.withPaths(candidate.request(input.request), job.inputs)
        let result = await providers.run(
            request,
            at: candidate.provider,
            attempt: attempt,
            token: job.token?.reveal()
        )
        switch RunReply(result) {
        case .image(let image):
            return .made(Artifact(image, facts: candidate.facts(of: image)))
        case .later(let seconds, let state):
            return .later(after: .seconds(seconds), state: state)
        case .refusal(let status, let retryAfter, let problem):
            return .problem(Self.problem(status: status, retryAfter: retryAfter, problem))
        }
    }

    func cancel(job: String, lane: String?, state: JSONValue?, token: CallerToken?) async throws {
        guard let lane, let state = RunReply.State(state).provider else { return }
        await providers.cancel(at: lane, state: state, token: token?.reveal())
    }

    func check(_ provider: String, token: CallerToken?) async throws -> String {
        guard KnownProviders.names.contains(provider) else {
            let detail = notOne(provider, of: KnownProviders.names)
            throw Problem(status: 404, code: "unknown_provider", detail: "The provider \(detail).")
        }
        do {
            return try await providers.check(provider, token: token?.reveal())
        } catch {
            let answer = error.answer
            throw Self.problem(status: answer.status, retryAfter: answer.retryAfter, answer.problem)
        }
    }

    func describe() async throws -> JSONObject { providers.description }

    /// The pictures of a request, where the host has them.
    private static func withPaths(_ request: ImageRequest, _ paths: [String: String]) throws(Problem) -> ImageRequest {
        func found(_ picture: ImageInput?) throws(Problem) -> ImageInput? {
            guard var picture else { return nil }
            guard let path = paths[picture.sha256] else {
                throw Problem(
                    status: 400,
                    code: "input_missing",
                    detail: "The picture that the job begins with is gone; send the request again, with the picture."
                )
            }
            picture.path = path
            return picture
        }
        var request = request
        request.image = try found(request.image)
        request.mask = try found(request.mask)
        return request
    }

    private static func problem(status: Int, retryAfter: Int?, _ members: JSONObject) -> Problem {
        Problem(
            status: status,
            code: members["code"]?.string ?? "provider_error",
            detail: members["detail"]?.string ?? "The provider refused.",
            retryAfter: retryAfter.map { .seconds($0) },
            members: members
        )
    }

    private static func timeLeft(_ deadline: Timestamp?) -> Duration {
        deadline.map { max($0 - .now(), .seconds(1)) } ?? .seconds(300)
    }
}
