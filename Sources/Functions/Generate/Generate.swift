// The function `generate`: an image from a prompt, by whichever provider the request or the settings name.
internal import CivilTime
internal import EdgeFunction
internal import EdgeLoop
internal import HFInference
internal import JSON
internal import Providers
internal import Sandbox
internal import Secrets
internal import Upstream

/// Joins the host's calls to admission and providers; decides nothing itself.
@main
struct Generate: JobFunction {
    private let providers: GenerateProviders

    /// Bytes of a request: a prompt and a few numbers.
    private static let bodyBytesMax = 1 << 20

    init() throws {
        providers = GenerateProviders(
            environment: ProcessEnvironment.atStart(),
            transport: UpstreamTransport(Upstream())
        ) { request in
            await Pool.run { Sandbox.picture(of: request) }
        }
    }

    func admit(_ request: Request) async throws -> Ticket {
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        do {
            let admitted = try providers.admission.admit(
                method: request.method,
                target: request.target,
                contentType: request.headers["Content-Type"],
                body: body
            )
            let input = admitted.isFresh ? admitted.input.drawing(.random(in: 0...UInt32.max)) : admitted.input
            return Ticket(
                input: input.json,
                key: admitted.input.key,
                lane: admitted.input.provider.rawValue,
                price: providers.price(of: admitted.input),
                accept: "image/*",
                isFresh: admitted.isFresh
            )
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
        guard let input = GenerateInput(job.input) else {
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
            state: state.provider,
            timeout: Self.timeLeft(job.deadline),
            report: { fraction, note in await job.progress(fraction, note: note) },
            pause: { duration throws(CancellationError) in
                do { try await sleep(for: duration) } catch { throw CancellationError() }
            }
        )
        switch RunReply(await providers.run(input, attempt: attempt), state: state) {
        case .image(let image):
            return .made(Artifact(image.bytes, type: image.info.type.mediaType, facts: image.facts))
        case .later(let seconds, let state):
            return .later(after: .seconds(seconds), state: state)
        case .refusal(let status, let retryAfter, let problem):
            return .problem(
                Problem(
                    status: status,
                    code: problem["code"]?.string ?? "provider_error",
                    detail: problem["detail"]?.string ?? "The provider refused.",
                    retryAfter: retryAfter.map { .seconds($0) },
                    members: problem
                )
            )
        }
    }

    func describe() async throws -> JSONObject {
        var providers: JSONObject = [:]
        for name in GenerateInput.ProviderName.allCases {
            switch self.providers.admission.readiness[name] {
            case .ready: providers[name.rawValue] = ["ready": true]
            case .notReady(let advice): providers[name.rawValue] = ["ready": false, "advice": .string(advice)]
            case nil: providers[name.rawValue] = ["ready": false]
            }
        }
        return ["providers": .object(providers)]
    }

    private static func timeLeft(_ deadline: Timestamp?) -> Duration {
        deadline.map { max($0 - .now(), .seconds(1)) } ?? .seconds(300)
    }
}
