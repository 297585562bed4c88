import CivilTime
import Digest
import EdgeLoop
import Glibc
import JSON
import Retry
import Synchronization
import TestSupport
import Testing

@testable import EdgeRuntime

struct JobBoardTests {
    init() { TestLoop.start() }

    private struct UnexpectedPhase: Error {}

    @Test @LoopActor func `equal requests at once run once, and each gets its answer`() async throws {
        let bench = try await BoardBench()
        let gate = ChangeSignal()
        bench.calls.answer = { _, _ in
            _ = await gate.wait()
            return await bench.image("a")
        }

        let first = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: false)
        let second = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: false)
        await bench.calls.begun(1)
        gate.notify()
        await bench.ended(first)

        #expect(first.generation === second.generation)
        #expect(first.id != second.id)
        #expect(second.state == .succeeded)
        #expect(bench.calls.count == 1)
    }

    @Test @LoopActor func `work that has ended leaves memory`() async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in await bench.image("a") }
        weak var generation: Generation?

        do {
            let job = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
            generation = job.generation
            await bench.gone(job)
        }

        for _ in 0..<1000 where generation != nil { await Task.yield() }
        #expect(generation == nil)
    }

    @Test @LoopActor func `a finished result answers equal requests from the cache`() async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in await bench.image("a") }

        let job = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        await bench.gone(job)

        #expect(await bench.cache.lookup(key: BoardBench.key("k"), now: .now())?.result.images.count == 1)
        #expect(await bench.stored(job)?["state"]?.string == "succeeded")
    }

    @Test @LoopActor func `failures are retried up to their number, and each is written down`() async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in
            .unfinished(.failed(.status(500)), RunNote(status: 500, message: "boom", code: "x"))
        }

        let job = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        await bench.gone(job)

        let stored = try #require(await bench.stored(job))
        #expect(stored["state"]?.string == "failed")
        #expect(stored["attempts"]?.array?.map { $0["outcome"]?.string } == ["failed", "failed", "failed"])
        #expect(stored["error"]?["message"]?.string?.contains("boom") == true)
        #expect(bench.calls.count == 3)
        #expect(await bench.cache.lookup(key: BoardBench.key("k"), now: .now()) == nil)
    }

    @Test @LoopActor func `a wait is on disk with its due time, and used no attempt`() async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in
            .unfinished(
                .limited(status: 503, after: .seconds(300), estimate: nil),
                RunNote(status: 503, message: "loading", code: "x")
            )
        }

        let begin = Timestamp.now()
        let job = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        await bench.until(job) { job.state == .waiting }
        let restarted = try await bench.restarted()

        let found = try #require(restarted.first)
        #expect(found.failures == 0)
        #expect(found.attempts.map(\.outcome) == [.deferred])
        #expect(try #require(found.due) > begin + .seconds(290))
    }

    @Test @LoopActor func `an attempt that the host died under counts as perhaps paid`() async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in
            try? await sleep(for: .seconds(3600))
            return .unfinished(.failed(.timedOut), RunNote(message: "", code: ""))
        }

        _ = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        await bench.calls.begun(1)
        var found = try #require(try await bench.restarted().first)
        found.markLostAttempt(now: .now())

        #expect(found.attempts.map(\.isPerhapsPaid) == [true])
        bench.board.abandon()
    }

    @Test @LoopActor func `cancelling one follower leaves the others their work`() async throws {
        let bench = try await BoardBench()
        let gate = ChangeSignal()
        bench.calls.answer = { _, _ in
            _ = await gate.wait()
            return await bench.image("a")
        }

        let first = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        let second = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: false)
        await bench.calls.begun(1)
        await bench.board.cancel(first)
        gate.notify()
        await bench.ended(second)

        #expect(await bench.stored(first)?["state"]?.string == "canceled")
        #expect(second.state == .succeeded)
    }

    @Test @LoopActor func `the work ends when its last follower has cancelled`() async throws {
        let bench = try await BoardBench()
        var wasCancelled = false
        bench.calls.answer = { _, _ in
            do { try await sleep(for: .seconds(3600)) } catch { wasCancelled = true }
            return .unfinished(.failed(.timedOut), RunNote(message: "", code: ""))
        }

        let job = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        await bench.calls.begun(1)
        await bench.board.cancel(job)
        await bench.board.runningEnded()

        #expect(wasCancelled)
        #expect(bench.board.count == 0)
        #expect(await bench.stored(job)?["state"]?.string == "canceled")
    }

    @Test @LoopActor func `a job that is cancelled while its attempt is written down never reaches its function`()
        async throws
    {
        let disk = SlowDisk()
        let bench = try await BoardBench(concurrency: 1, disk: disk.calls)
        let gate = ChangeSignal()
        bench.calls.answer = { generation, _ in
            _ = await gate.wait()
            return await bench.image(generation.id)
        }
        _ = try await bench.board.accept(bench.ticket(key: "1"), for: "f", needsFile: true)
        let second = try await bench.board.accept(bench.ticket(key: "2"), for: "f", needsFile: true)
        await bench.calls.begun(1)
        disk.held.withLock { $0 = second.id }

        gate.notify()
        await bench.until(second) { second.state == .running }
        let canceling = Task { @LoopActor in await bench.board.cancel(second) }
        while second.state != .canceled { await Task.yield() }
        disk.held.withLock { $0 = nil }
        await canceling.value
        await bench.board.runningEnded()

        #expect(bench.calls.count == 1)
        #expect(await bench.stored(second)?["state"]?.string == "canceled")
    }

    @Test @LoopActor func `what has just ended is followed while its image is there, and made again when that is lost`()
        async throws
    {
        let disk = SlowDisk()
        let bench = try await BoardBench(disk: disk.calls)
        let gate = ChangeSignal()
        bench.calls.answer = { _, attempt in
            if bench.calls.count == 1 { _ = await gate.wait() }
            return await bench.image(attempt.id)
        }
        let first = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: false)
        await bench.calls.begun(1)
        // Its end is not on disk for a while.
        disk.held.withLock { $0 = first.id }
        gate.notify()
        await bench.ended(first)

        let isThere = await bench.board.hasNewResult(key: BoardBench.key("k"))
        let second = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: false)
        guard case .done(.success(let result)) = first.generation.phase else { throw UnexpectedPhase() }
        let name = try #require(result.images.first?.name)
        unlink(bench.images.path(of: name))
        let isStillThere = await bench.board.hasNewResult(key: BoardBench.key("k"))
        let third = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: false)
        await bench.ended(third)
        disk.held.withLock { $0 = nil }
        await bench.idle()

        #expect(isThere && !isStillThere)
        #expect(second.isLate && second.generation === first.generation)
        #expect(!third.isLate && third.state == .succeeded && third.generation !== first.generation)
        #expect(bench.calls.count == 2)
    }

    @Test @LoopActor func `no attempt begins after the deadline, and the job says so`() async throws {
        let bench = try await BoardBench()
        var document = JobDocument.stored(bench.queued())
        document["deadline"] = .string((Timestamp.now() - .seconds(1)).iso8601)

        await bench.board.adopt([try RecoveredJob(document)])
        let job = try #require(document["id"]?.string.flatMap { bench.board.job($0) })
        await bench.gone(job)

        #expect(bench.calls.count == 0)
        let stored = try #require(await bench.stored(job))
        #expect(stored["state"]?.string == "failed")
        #expect(stored["error"]?["code"]?.string == "deadline")
        #expect(stored["attempts"]?.array?.isEmpty ?? true)
    }

    @Test @LoopActor func `a follower whose file is being written when the work ends is finished once`() async throws {
        let bench = try await BoardBench()
        let gate = ChangeSignal()
        let image = await bench.image("a")
        bench.calls.answer = { _, _ in
            _ = await gate.wait()
            return image
        }
        let first = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        let second = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: false)
        await bench.calls.begun(1)

        gate.notify()
        try await bench.board.writeFile(of: second)
        await bench.gone(first)

        // The bench records an issue for whatever the board logs.
        #expect(await bench.stored(second)?["state"]?.string == "succeeded")
        #expect(bench.folder.names(in: "jobs/active") == [])
    }

    @Test @LoopActor func `a follower with a file is ended when the first job's file cannot be written`() async throws {
        let disk = SlowFullDisk()
        let bench = try await BoardBench(disk: disk.calls)
        disk.state.store(.armed, ordering: .relaxed)

        let first = Task { @LoopActor in
            try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        }
        while disk.state.load(ordering: .relaxed) != .holding { await Task.yield() }
        let second = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        disk.state.store(.released, ordering: .relaxed)
        await #expect(throws: StateError.self) { _ = try await first.value }

        #expect(bench.board.job(second.id) == nil)
        #expect(await bench.stored(second)?["error"]?["code"]?.string == "not_stored")
        #expect(bench.folder.names(in: "jobs/active") == [])
    }

    @Test @LoopActor func `a function reaches its work although the job that began it is cancelled`() async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in
            try? await sleep(for: .seconds(3600))
            return .unfinished(.failed(.timedOut), RunNote(message: "", code: ""))
        }
        let first = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        let second = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        await bench.calls.begun(1)

        await bench.board.cancel(first)

        #expect(bench.board.running(first.id, by: "f") === second.generation)
        #expect(bench.board.running(first.id, by: "g") == nil)
        bench.board.abandon()
        await bench.board.runningEnded()
        #expect(bench.board.running(first.id, by: "f") == nil)
    }

    @Test @LoopActor func `beyond its concurrency a function's jobs wait in order`() async throws {
        let bench = try await BoardBench(concurrency: 1)
        let gate = ChangeSignal()
        bench.calls.answer = { generation, _ in
            _ = await gate.wait()
            return await bench.image(generation.id)
        }

        let first = try await bench.board.accept(bench.ticket(key: "1"), for: "f", needsFile: true)
        let second = try await bench.board.accept(bench.ticket(key: "2"), for: "f", needsFile: true)
        let third = try await bench.board.accept(bench.ticket(key: "3"), for: "f", needsFile: true)
        await bench.calls.begun(1)

        #expect(first.state == .running)
        #expect(bench.board.place(of: second).position == 1)
        #expect(bench.board.place(of: third).position == 2)
        gate.notify()
        await bench.gone(first)
        await bench.calls.begun(2)
        #expect(second.state == .running)
        #expect(bench.board.place(of: third).position == 1)
        bench.board.abandon()
    }

    @Test @LoopActor func `the daily cap refuses what is not cached, and says when to come back`() async throws {
        let bench = try await BoardBench(perDay: 1)
        bench.calls.answer = { _, _ in await bench.image("a") }
        let job = try await bench.board.accept(bench.ticket(key: "1"), for: "f", needsFile: true)
        await bench.gone(job)

        do {
            _ = try await bench.board.accept(bench.ticket(key: "2"), for: "f", needsFile: true)
            Issue.record("a second run was accepted")
        } catch AcceptError.dayCap(let perDay, let retryAfter) {
            #expect(perDay == 1)
            #expect((1...86_400).contains(retryAfter))
        }
    }

    @Test @LoopActor func `a request that could not be written down is no run of the day`() async throws {
        let disk = SlowFullDisk()
        let bench = try await BoardBench(perDay: 1, disk: disk.calls)
        disk.state.store(.armed, ordering: .relaxed)

        let refused = Task { @LoopActor in
            try await bench.board.accept(bench.ticket(key: "1"), for: "f", needsFile: true)
        }
        while disk.state.load(ordering: .relaxed) != .holding { await Task.yield() }
        disk.state.store(.released, ordering: .relaxed)
        await #expect(throws: StateError.self) { _ = try await refused.value }

        #expect(bench.board.runsToday(of: "f") == 0)
        let job = try await bench.board.accept(bench.ticket(key: "1"), for: "f", needsFile: true)
        #expect(bench.board.runsToday(of: "f") == 1)
        await bench.gone(job)
    }

    @Test @LoopActor func `the daily cap holds for retries too`() async throws {
        let bench = try await BoardBench(perDay: 2)
        bench.calls.answer = { _, _ in
            .unfinished(.failed(.status(500)), RunNote(status: 500, message: "boom", code: "x"))
        }

        let job = try await bench.board.accept(bench.ticket(key: "1"), for: "f", needsFile: true)
        await bench.gone(job)

        let stored = try #require(await bench.stored(job))
        #expect(bench.calls.count == 2)
        #expect(stored["error"]?["code"]?.string == "daily_limit")
    }

    @Test(
        "An end that the disk does not take is tried again, and the job is known until it is written",
        arguments: [true, false]
    )
    @LoopActor func writesEndsAgain(isCanceled: Bool) async throws {
        let disk = FaultyDisk()
        var said: [String] = []
        let bench = try await BoardBench(disk: disk.calls) { said.append($0) }
        let gate = ChangeSignal()
        bench.calls.answer = { _, _ in
            _ = await gate.wait()
            return .unfinished(.final(status: 400), RunNote(status: 400, message: "no", code: "x"))
        }
        let job = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        await bench.calls.begun(1)

        disk.arm(failing: 0)
        if isCanceled {
            await bench.board.cancel(job)
        } else {
            gate.notify()
            await bench.ended(job)
            while said.isEmpty { await Task.yield() }
        }

        #expect(said.count == 1 && said.first?.contains("its end could not be written") == true, "\(said)")
        #expect(bench.board.job(job.id) === job)
        await bench.gone(job)
        #expect(await bench.stored(job)?["state"]?.string == (isCanceled ? "canceled" : "failed"))
        #expect(bench.folder.names(in: "jobs/active").isEmpty)
    }

    @Test @LoopActor func `a cancelled job's end is written only when the job that follows has its attempts on disk`()
        async throws
    {
        let disk = FaultyDisk()
        let bench = try await BoardBench(disk: disk.calls) { _ in }
        let gate = ChangeSignal()
        bench.calls.answer = { _, _ in
            _ = await gate.wait()
            return await bench.image("x")
        }
        let first = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        await bench.calls.begun(1)
        let second = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)

        disk.arm(failing: 0)
        await bench.board.cancel(first)
        #expect(bench.board.job(first.id) === first)
        #expect(try await bench.restarted().map(\.attempts.count).max() == 1, "the next host knows of the attempt")
        await bench.gone(first)

        #expect(try await bench.restarted().map(\.attempts.count) == [1])
        gate.notify()
        await bench.gone(second)
        #expect(await bench.stored(first)?["state"]?.string == "canceled")
        #expect(second.state == .succeeded && bench.calls.count == 1)
    }

    @Test @LoopActor func `an end that the disk has refused is tried once more when the host ends`() async throws {
        let disk = FaultyDisk()
        let bench = try await BoardBench(disk: disk.calls) { _ in }
        bench.calls.answer = { _, _ in
            .unfinished(
                .limited(status: 429, after: .seconds(600), estimate: nil),
                RunNote(status: 429, message: "wait", code: "x")
            )
        }
        let job = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        await bench.until(job) { job.state == .waiting }
        disk.arm(failing: 0)
        await bench.board.cancel(job)
        bench.board.stop()

        let before = (bench.board.count, bench.board.unwrittenEnds)
        await bench.board.writeEndsNow()

        #expect(before == (0, [job.id]))
        #expect(bench.board.job(job.id) == nil && bench.board.unwrittenEnds.isEmpty)
        #expect(await bench.stored(job)?["state"]?.string == "canceled")
    }

    @Test @LoopActor func `of two files with the same attempt the one that knows the provider's task is gone on with`()
        async throws
    {
        let bench = try await BoardBench()
        var states: [[UInt8]?] = []
        bench.calls.answer = { generation, _ in
            states.append(generation.resumeState)
            return await bench.image("x")
        }
        var old = JobDocument.stored(bench.queued())
        old["attempts"] = [["number": 1, "id": "a", "started": .string(Timestamp.now().iso8601)]]
        var new = old
        new["id"] = .string(UUIDText.version7())
        new["resumeState"] = ["task": "t"]
        for file in [old, new] {
            bench.folder.write(JSONValue.object(file).text(), to: "jobs/active/\(file["id"]?.string ?? "").json")
        }

        await bench.board.adopt(try await bench.takeOver(from: bench))
        await bench.idle()

        #expect(states == [Array(#"{"task":"t"}"#.utf8)])
    }

    @Test @LoopActor func `what a function must remember is on disk when it is told so`() async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in
            try? await sleep(for: .seconds(3600))
            return .unfinished(.failed(.timedOut), RunNote(message: "", code: ""))
        }
        let job = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        await bench.calls.begun(1)

        try await bench.board.setState(Array(#"{"task":"t1"}"#.utf8), of: job.generation)

        let found = try #require(try await bench.restarted().first)
        #expect(found.resumeState == Array(#"{"task":"t1"}"#.utf8))
        bench.board.abandon()
    }
}
