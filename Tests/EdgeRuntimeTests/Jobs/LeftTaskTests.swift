import CivilTime
import EdgeLoop
import JSON
import Retry
import TestSupport
import Testing

@testable import EdgeRuntime

/// Tasks that a provider has begun, and which a job leaves.
struct LeftTaskTests: LaneSuite {
    init() { TestLoop.start() }

    @Test @LoopActor func `a task that is over is not asked about again, and the next attempt has an id of its own`()
        async throws
    {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in
            guard bench.calls.count == 1 else { return await bench.image("again") }
            var note = RunNote(status: 502, message: "it failed", code: "x")
            (note.mayBePaid, note.forgetsState) = (true, true)
            return .unfinished(.failed(.status(502)), note)
        }
        let lanes = try set(["name": "a", "takesAttemptIDs": true])

        let job = try await bench.board.accept(bench.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
        await bench.gone(job)

        let attempts = try #require(await bench.stored(job)?["attempts"]?.array)
        #expect(Set(attempts.compactMap { $0["id"]?.string }).count == 2)
        #expect(attempts.allSatisfy { $0["unsure"] == nil })
        #expect(attempts.first?["perhapsPaid"] == true)
    }

    /// A task that `a` has begun and then cannot go on with; `b` makes the image.
    @LoopActor
    private func leaving(_ bench: BoardBench, status: Int = 402, isOver: Bool = false, isUnfit: Bool = false) {
        bench.calls.answer = { generation, attempt in
            guard attempt.lane == "a" else { return await bench.image("made by b for \(generation.id)") }
            guard generation.resumeState != nil else {
                var note = RunNote(status: 202, message: "queued", code: "x")
                note.state = Array(#"{"task":"t"}"#.utf8)
                return .unfinished(.notReady(after: .zero), note)
            }
            var note = RunNote(status: status, message: "no credit", code: "x")
            note.mayBePaid = true
            note.forgetsState = isOver
            note.isUnfit = isUnfit
            return .unfinished(RunOutcome(status: status, after: nil), note)
        }
    }

    @Test @LoopActor func `a hand-over cancels the task that it leaves, and waits for nobody who is slow to hear it`()
        async throws
    {
        for status in [402, 502] {
            let bench = try await BoardBench()
            let door = Gate()
            bench.calls.canceling = { await door.wait() }
            leaving(bench, status: status)
            let lanes = try set(["name": "a"], ["name": "b"])

            let job = try await bench.board.accept(bench.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
            await bench.gone(job)
            let stored = await bench.stored(job)

            #expect(stored?["state"] == "succeeded")
            #expect(stored?["attempts"]?.array?.map { $0["lane"]?.string } == ["a", "a", "b"])
            let task = LeftTask(job: job.id, function: "f", lane: "a", state: Array(#"{"task":"t"}"#.utf8))
            #expect(bench.calls.canceled == [task])
            door.open()
            await bench.board.runningEnded()
        }
    }

    @Test @LoopActor func `what is over is not cancelled, and neither is what goes on`() async throws {
        let bench = try await BoardBench()
        leaving(bench, isOver: true)
        let lanes = try set(["name": "a"], ["name": "b"])

        let job = try await bench.board.accept(bench.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
        await bench.gone(job)
        await bench.board.runningEnded()

        #expect(await bench.stored(job)?["state"]?.string == "succeeded")
        #expect(bench.calls.canceled == [])
    }

    @Test @LoopActor
    func `a task is cancelled too when the next lane is a long time away, or there is no attempt left`()
        async throws
    {
        let waits = try await BoardBench()
        leaving(waits)
        let lanes = try set(["name": "a"], ["name": "b", "quota": ["every": 60]])
        waits.board.lanes.restore(account: "b", started: .now(), blockedUntil: nil)
        let held = try await waits.board.accept(waits.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
        await waits.calls.canceled(1)
        #expect(held.state == .queued)
        await waits.board.cancel(held)
        #expect(waits.calls.canceled.count == 1)

        let ends = try await BoardBench(attempts: 1)
        leaving(ends)
        let job = try await ends.board.accept(
            ends.ticket(key: "k", lanes: try set(["name": "a"], ["name": "b"])),
            for: "f",
            needsFile: true
        )
        await ends.gone(job)
        await ends.board.runningEnded()
        #expect(await ends.stored(job)?["state"]?.string == "failed")
        #expect(ends.calls.canceled.count == 1)
    }

    @Test @LoopActor func `only a few cancellations are under way at once, and all are made`() async throws {
        let bench = try await BoardBench(concurrency: 20)
        let door = Gate()
        bench.calls.canceling = { await door.wait() }
        leaving(bench, status: 400, isUnfit: true)  // which opens no circuit
        let lanes = try set(["name": "a"], ["name": "b"])
        var jobs: [Job] = []
        for number in 0..<12 {
            let ticket = bench.ticket(key: "k\(number)", lanes: lanes)
            jobs.append(try await bench.board.accept(ticket, for: "f", needsFile: true))
        }
        for job in jobs { await bench.gone(job) }

        #expect(bench.calls.canceled.count == LeftTasks.atOnceMax)
        door.open()
        await bench.board.runningEnded()
        #expect(Set(bench.calls.canceled.map(\.job)).count == 12)
    }

    @Test @LoopActor func `what only one lane cannot do goes to the next, and its circuit hears nothing of it`()
        async throws
    {
        let bench = try await BoardBench()
        bench.calls.answer = { _, attempt in
            guard attempt.lane == "a" else { return await bench.image("made by b") }
            var note = RunNote(status: 400, message: "no place for steps", code: "x")
            note.isUnfit = true
            return .unfinished(.final(status: 400), note)
        }
        let lanes = try set(["name": "a"], ["name": "b"])
        for number in 0..<6 {
            let ticket = bench.ticket(key: "k\(number)", lanes: lanes)
            let job = try await bench.board.accept(ticket, for: "f", needsFile: true)
            await bench.gone(job)
            #expect(await bench.stored(job)?["state"]?.string == "succeeded")
        }

        #expect(bench.calls.count == 12, "the circuit of a stays closed")
    }
}
