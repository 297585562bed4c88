import Callers
import CivilTime
import Digest
import EdgeLoop
import JSON
import Retry
import TestSupport
import Testing

@testable import EdgeRuntime

struct WebhookOutboxTests {
    init() { TestLoop.start() }

    private static let webhook = Webhook(url: "https://app.example/hook", base: "https://edge.example")

    /// A board whose function `webhook` never begins.
    @LoopActor
    private func bench() async throws -> (BoardBench, WebhookOutbox) {
        let bench = try await BoardBench()
        var settings = JobSettings()
        settings.deadline = .seconds(86_400)
        settings.perDay = 0
        bench.board.configure(WebhookOutbox.function, settings, cacheTTL: nil)
        let outbox = WebhookOutbox(board: bench.board) { Issue.record("\($0)") }
        outbox.policy.hasFunction = true
        bench.board.finishing.onEnded = { outbox.ended($0) }
        bench.calls.answer = { generation, _ in
            guard generation.function == WebhookOutbox.function else { return await bench.image("a") }
            return .unfinished(
                .limited(status: 503, after: .seconds(3600), estimate: nil),
                RunNote(status: 503, message: "The receiver answered 500.", code: "receiver_failed")
            )
        }
        return (bench, outbox)
    }

    @LoopActor
    private func told(_ job: Job, _ bench: BoardBench) async throws -> JSONObject {
        try await eventually(
            "the end to be told",
            asking: {
                let told = await bench.stored(job)?["webhook"]?["delivery"]?.string
                return told != nil
            }
        )
        return try #require(await bench.stored(job))
    }

    @Test @LoopActor func `an ended job's file names its delivery, which is a job on disk`() async throws {
        let (bench, _) = try await bench()

        let job = try await bench.board.accept(
            bench.ticket(key: "k"),
            for: "f",
            needsFile: true,
            webhook: Self.webhook
        )
        let stored = try await told(job, bench)
        let id = try #require(stored["webhook"]?["delivery"]?.string)
        let delivery = try #require(bench.board.job(id))
        await bench.until(delivery) { delivery.state == .waiting }
        let found = try #require(try await bench.restarted().first)

        #expect(id == WebhookOutbox.id(of: "job", job.id))
        #expect(found.id == id)
        #expect(found.function == WebhookOutbox.function)
        #expect(found.failures == 0)
        let input = try #require(try JSONValue.parse(found.ticket.input).object)
        #expect(input["id"]?.string == "msg_\(id)")
        #expect(input["type"] == "job.succeeded")
        #expect(input["url"] == "https://app.example/hook")
        #expect(input["timestamp"] == stored["finished"])
        #expect(input["data"]?["id"]?.string == job.id)
        #expect(bench.board.lanes.document(now: .now()).array?.count == 1, "receivers are told to nobody")
    }

    @Test @LoopActor func `an end that is told twice is delivered once, whatever was written when the host died`()
        async throws
    {
        let (bench, outbox) = try await bench()
        let job = try await bench.board.accept(
            bench.ticket(key: "k"),
            for: "f",
            needsFile: true,
            webhook: Self.webhook
        )
        let stored = try await told(job, bench)
        var untold = stored
        untold["webhook"] = Self.webhook.json
        await bench.calls.begun(2)

        // As a host finds it that starts after a crash between the delivery's file and the mark.
        try await bench.board.files.amend(id: job.id, document: untold.encoded())
        outbox.ended(untold)
        outbox.ended(untold)
        _ = try await told(job, bench)

        #expect(bench.calls.count == 2)
        #expect(try await bench.restarted().count == 1)
    }

    @Test @LoopActor func `an event whose delivery has ended is not delivered again`() async throws {
        let (bench, outbox) = try await bench()
        bench.calls.answer = { _, _ in .made(StoredArtifacts(result: JobResult(images: [], facts: ["status": 204]))) }
        let id = WebhookOutbox.id(of: "alert", "2026-11-21 warn")
        try await outbox.deliver(type: "spend.warned", data: ["spent": 20], to: "https://app.example/", id: id)
        let delivery = try #require(bench.board.job(id))
        await bench.gone(delivery)

        try await outbox.deliver(type: "spend.warned", data: ["spent": 20], to: "https://app.example/", id: id)

        #expect(bench.calls.count == 1)
        #expect(await bench.stored(delivery)?["state"] == "succeeded")
        #expect(await bench.stored(delivery)?["facts"]?["status"] == 204)
    }

    @Test @LoopActor func `no limit and no budget is asked about a delivery`() async throws {
        let (bench, outbox) = try await bench()
        let refusing = RefusingGuard()
        bench.board.guards = [refusing]

        try await outbox.deliver(
            type: "spend.warned",
            data: [:],
            to: "https://app.example/",
            id: WebhookOutbox.id(of: "alert", "1")
        )

        #expect(refusing.asked == 0)
        #expect(bench.board.runsToday(of: WebhookOutbox.function) == 0)
    }

    @Test @LoopActor func `a canceled job is told of too`() async throws {
        let (bench, _) = try await bench()
        let gate = ChangeSignal()
        bench.calls.answer = { _, _ in
            _ = await gate.wait()
            return await bench.image("a")
        }
        let job = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true, webhook: Self.webhook)
        await bench.calls.begun(1)

        await bench.board.cancel(job)
        let stored = try await told(job, bench)

        let id = try #require(stored["webhook"]?["delivery"]?.string)
        let input = try #require(bench.board.job(id)?.generation.ticket.input)
        #expect(try JSONValue.parse(input)["type"] == "job.canceled")
        gate.notify()
        bench.board.abandon()
    }

    @Test @LoopActor func `without the function, without a secret, and with too much under way nothing is promised`()
        async throws
    {
        let (_, outbox) = try await bench()

        #expect(throws: Problem.webhookUnsigned) { try outbox.check() }
        outbox.policy.canSign = true
        #expect(throws: Never.self) { try outbox.check() }
        outbox.policy.hasFunction = false
        #expect(throws: Problem.noWebhooks) { try outbox.check() }
        #expect(Problem.webhookUnsigned.message.contains("EDGE_WEBHOOK_SECRET"))
    }
}

@LoopActor
private final class RefusingGuard: JobGuard {
    var asked = 0

    func admit(_ work: NewWork) throws(Problem) {
        asked += 1
        throw Problem(status: 429, code: "x", message: "no")
    }

    func takeBack(_ work: NewWork) {}
}
