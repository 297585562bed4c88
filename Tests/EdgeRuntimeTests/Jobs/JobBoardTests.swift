import Callers
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

        let job = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        await bench.until(job) { job.state == .waiting }
        let restarted = try await bench.restarted()

        let found = try #require(restarted.first)
        #expect(found.failures == 0)
        #expect(found.attempts.map(\.outcome) == [.deferred])
        #expect(try #require(found.due) > .now() + .seconds(290))
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

        let second = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: false)
        guard case .done(.success(let result)) = first.generation.phase else { throw UnexpectedPhase() }
        let name = try #require(result.images.first?.name)
        unlink(bench.images.path(of: name))
        let third = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: false)
        await bench.ended(third)
        disk.held.withLock { $0 = nil }
        await bench.idle()

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

/// A board over real files, with functions that a test plays.
@LoopActor
final class BoardBench {
    let folder = TemporaryFolder()
    let calls = PlayedCalls()
    let board: JobBoard
    let cache: ResultCache
    private let files: JobFiles
    let images: ImageFiles

    init(
        concurrency: Int = 4,
        perDay: Int = 0,
        attempts: Int = 3,
        perhapsPaid: JobSettings.PerhapsPaid = .retry,
        disk: FileCalls = .system
    ) async throws {
        let state = try await StateDirectory(path: folder.path, calls: disk)
        files = JobFiles(state: state)
        images = ImageFiles(state: state)
        cache = ResultCache(images: images, sizeMax: 1 << 30)
        let log: @LoopActor (String) -> Void = { Issue.record("\($0)") }
        board = JobBoard(
            files: files,
            calls: calls,
            finishing: JobFinish(files: files, images: images, cache: cache, log: log),
            log: log,
            jitter: { 0 }
        )
        var settings = JobSettings()
        settings.attempts = attempts
        settings.perhapsPaid = perhapsPaid
        settings.concurrency = concurrency
        settings.perDay = perDay
        board.configure("f", settings, cacheTTL: .seconds(3600))
    }

    static func key(_ text: String) -> String { AdmitAnswer.cacheKey(text, "f") }

    func ticket(key: String?, lanes: LaneSet = LaneSet([Lane(name: "f", price: nil)])) -> Ticket {
        Ticket(input: Array(#"{"prompt":"x"}"#.utf8), key: key.map(Self.key), lanes: lanes, isFresh: false)
    }

    func image(_ text: String, facts: JSONObject = [:]) async -> RunAnswer {
        do {
            let stored = try await images.put(Array(text.utf8), ext: "png")
            let record = ImageRecord(sha256: stored.sha256, type: "image/png", bytes: stored.bytes, width: 1, height: 1)
            var told: JSONObject = ["provider": "played"]
            for fact in facts.members { told[fact.key] = fact.value }
            return .made(
                StoredArtifacts(
                    result: JobResult(images: [record], facts: told),
                    leases: [stored.lease]
                )
            )
        } catch {
            return .unfinished(.failed(.unusableResult), RunNote(message: "\(error)", code: "x"))
        }
    }

    /// A job that no board knows.
    func queued() -> Job {
        let now = Timestamp.now()
        let id = UUIDText.version7()
        let generation = Generation(
            id: id,
            function: "f",
            ticket: ticket(key: "k"),
            created: now,
            deadline: now + .seconds(3600),
            retry: RetryDecision(attempts: 3),
            standing: board.standing(of: .local, arrived: now)
        )
        let job = Job(id: id, caller: .local, created: now, generation: generation)
        generation.jobs = [job]
        return job
    }

    /// Waits until `condition` holds, looking at each change of the job's work.
    func until(_ job: Job, _ condition: () -> Bool) async {
        while !condition() { _ = await job.generation.changes.wait() }
    }

    func ended(_ job: Job) async { await until(job) { job.state.isFinal } }

    /// Waits until the job has left memory: its end is on disk then.
    func gone(_ job: Job) async { await until(job) { board.job(job.id) == nil } }

    /// Waits until no job is unfinished.
    func idle() async {
        while let job = board.jobs.values.first { await gone(job) }
    }

    func stored(_ job: Job) async -> JSONObject? {
        await files.readDone(id: job.id).flatMap { try? JSONValue.parse($0).object }
    }

    /// Takes up what another host has left unfinished, as it would be at this one's start.
    func takeOver(from other: BoardBench) async throws -> [RecoveredJob] {
        for name in other.folder.names(in: "jobs/active") {
            folder.write(other.folder.read("jobs/active/\(name)"), to: "jobs/active/\(name)")
        }
        return try await files.load().map { stored in
            var job = try RecoveredJob(try Housekeeping.document(stored.document))
            job.markLostAttempt(now: .now())
            return job
        }
    }

    /// What a host that starts now on a copy of the active files would take up.
    func restarted() async throws -> [RecoveredJob] {
        let copy = TemporaryFolder()
        _ = try await StateDirectory(path: copy.path)
        let files = folder.names(in: "jobs/active")
        for name in files { copy.write(folder.read("jobs/active/\(name)"), to: "jobs/active/\(name)") }
        return try files.map { name in
            let document = try #require(try JSONValue.parse(copy.read("jobs/active/\(name)")).object)
            return try RecoveredJob(document)
        }
    }
}

/// A disk that makes no file of one job until it is told to.
private final class SlowDisk: Sendable {
    /// The job's id.
    let held = Mutex<String?>(nil)

    var calls: FileCalls {
        var calls = FileCalls.system
        calls.open = { [self] path, flags, mode in
            while flags & O_CREAT != 0, held.withLock({ $0.map(path.contains) ?? false }) { sched_yield() }
            return FileCalls.system.open(path, flags, mode)
        }
        return calls
    }
}

/// A disk that is full for the next file, and says so only when it is told to.
private final class SlowFullDisk: Sendable {
    enum State: Int, AtomicRepresentable { case idle, armed, holding, released }

    let state = Atomic(State.idle)

    var calls: FileCalls {
        var calls = FileCalls.system
        calls.open = { [self] path, flags, mode in
            guard flags & O_CREAT != 0,
                state.compareExchange(expected: .armed, desired: .holding, ordering: .relaxed).exchanged
            else { return FileCalls.system.open(path, flags, mode) }
            while state.load(ordering: .relaxed) != .released { sched_yield() }
            return -ENOSPC
        }
        return calls
    }
}

/// Functions as a test plays them.
@LoopActor
final class PlayedCalls: FunctionCalls {
    var answer: @LoopActor (Generation, Attempt) async -> RunAnswer = { _, _ in
        .unfinished(.final(status: 400), RunNote(status: 400, message: "not played", code: "x"))
    }
    private(set) var count = 0
    private let changed = ChangeSignal()

    func run(_ generation: Generation, attempt: Attempt, timeout: Duration) async -> RunAnswer {
        count += 1
        changed.notify()
        return await answer(generation, attempt)
    }

    /// What cancelling does; the tasks are noted as soon as the call begins.
    var canceling: @LoopActor () async -> Void = {}
    private(set) var canceled: [LeftTask] = []

    func cancel(_ task: LeftTask) async {
        canceled.append(task)
        changed.notify()
        await canceling()
    }

    /// Waits until that many tasks have been cancelled.
    func canceled(_ number: Int) async {
        while canceled.count < number { _ = await changed.wait() }
    }

    /// Waits until that many runs have begun.
    func begun(_ number: Int) async {
        while count < number { _ = await changed.wait() }
    }
}
