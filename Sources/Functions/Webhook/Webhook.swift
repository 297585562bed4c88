// Delivers events to the receivers that clients named: what the host, which calls nobody, has written down as jobs.
internal import CivilTime
internal import EdgeFunction
internal import Glibc
internal import Upstream

@main
struct Webhook: JobFunction {
    private let settings: WebhookSettings
    private let upstream: Upstream
    private let deadlines: UpstreamDeadlines

    init() throws {
        self.init(
            settings: try WebhookSettings { name in
                getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
            }
        )
    }

    init(settings: WebhookSettings, deadlines: UpstreamDeadlines = Delivery.deadlines) {
        self.settings = settings
        self.deadlines = deadlines
        upstream = Upstream(policy: settings.policy)
    }

    func run(_ job: Job) async throws -> Outcome {
        try await deliver(Delivery(job.input), attempt: job.attempt)
    }

    /// Makes one attempt.
    func deliver(_ delivery: Delivery, attempt: Int) async throws -> Outcome {
        do throws(UpstreamError) {
            let answer = try await upstream.call(delivery.request(settings.signer, at: .now(), deadlines: deadlines))
            // Read so that the connection can be used again; what it says, and whether it ends, changes nothing.
            _ = try? await answer.body.collect()
            return Delivery.outcome(
                status: answer.status,
                header: { answer.headers[$0] },
                attempt: attempt,
                settings.waits,
                now: .now()
            )
        } catch {
            if error.reason == .cancelled { throw CancellationError() }
            return Delivery.outcome(error, attempt: attempt, settings.waits)
        }
    }
}
