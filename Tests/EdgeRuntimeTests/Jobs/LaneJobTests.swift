import CivilTime
import EdgeLoop
import JSON
import TestSupport
import Testing

@testable import EdgeRuntime

/// Jobs on several lanes: where the next attempt goes.
struct LaneJobTests: LaneSuite {
    init() { TestLoop.start() }

    @Test @LoopActor func `a failure hands over at once, and the document says why`() async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, attempt in
            attempt.lane == "a" ? Self.failed(502, "a is down") : await bench.image("made by b")
        }
        let lanes = try set(["name": "a"], ["name": "b"])

        let job = try await bench.board.accept(bench.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
        await bench.gone(job)

        let attempts = try #require(await bench.stored(job)?["attempts"]?.array)
        #expect(attempts.map { $0["lane"]?.string } == ["a", "b"])
        #expect(attempts.map { $0["outcome"]?.string } == ["failed", "succeeded"])
        #expect(attempts.first?["movedOn"]?.string == "a is down")
        #expect(attempts.last?["passed"] == [["lane": "a", "reason": "it has failed for this job"]])
    }

    @Test(arguments: [402, 404, 424]) @LoopActor
    func `a refusal that tells of the provider hands over`(status: Int) async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, attempt in
            attempt.lane == "a" ? Self.failed(status, "no") : await bench.image("made by b")
        }

        let job = try await bench.board.accept(
            bench.ticket(key: "k", lanes: try set(["name": "a"], ["name": "b"])),
            for: "f",
            needsFile: true
        )
        await bench.gone(job)

        #expect(await bench.stored(job)?["state"]?.string == "succeeded")
    }

    @Test(arguments: [400, 413, 422]) @LoopActor
    func `a refusal that tells of the request is final`(status: Int) async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in Self.failed(status, "no") }

        let job = try await bench.board.accept(
            bench.ticket(key: "k", lanes: try set(["name": "a"], ["name": "b"])),
            for: "f",
            needsFile: true
        )
        await bench.gone(job)

        #expect(bench.calls.count == 1)
        #expect(await bench.stored(job)?["error"]?["status"]?.integer == Int64(status))
    }

    @Test @LoopActor func `hand-overs stay inside the job's attempts`() async throws {
        let bench = try await BoardBench(attempts: 2)
        bench.calls.answer = { _, _ in Self.failed(402, "no credit") }

        let job = try await bench.board.accept(
            bench.ticket(key: "k", lanes: try set(["name": "a"], ["name": "b"], ["name": "c"])),
            for: "f",
            needsFile: true
        )
        await bench.gone(job)

        #expect(bench.calls.count == 2)
        #expect(await bench.stored(job)?["state"]?.string == "failed")
    }

    @Test @LoopActor func `refusals open no circuit where nobody else can be asked`() async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in Self.failed(424, "wrong key") }
        let lanes = try set(["name": "a"])
        for number in 0..<8 {
            let ticket = bench.ticket(key: "k\(number)", lanes: lanes)
            await bench.gone(try await bench.board.accept(ticket, for: "f", needsFile: true))
        }

        #expect(bench.calls.count == 8)
    }

    @Test @LoopActor func `a hand-over that has to wait is on disk`() async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in Self.failed(502, "a is down") }
        let lanes = try set(["name": "a"], ["name": "b", "quota": ["every": 60]])
        bench.board.lanes.restore(account: "b", started: .now(), blockedUntil: nil)

        let job = try await bench.board.accept(bench.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
        await bench.until(job) { job.generation.attempts.last?.outcome != nil && job.state == .queued }
        var found: RecoveredJob?
        while found?.attempts.last?.outcome == nil { found = try await bench.restarted().first }

        #expect(found?.attempts.last?.outcome == .failed)
        #expect(found?.attempts.last?.movedOn == "a is down")
        bench.board.abandon()
    }
}
