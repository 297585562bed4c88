// All unfinished jobs: accepts them, runs them to their end, and lets others wait for them.
internal import CivilTime
internal import Digest
internal import EdgeLoop
internal import JSON
internal import Retry

/// Why a request did not become a job.
enum AcceptError: Error, Equatable {
    case dayCap(perDay: Int, retryAfter: Int)
    case tooManyJobs(limit: Int)
    case noRoom
    case stopping
}

/// The index of unfinished jobs in memory, over the job files.
///
/// A job is on disk before its caller is told of it and before its function is called; everything else follows from that.
@LoopActor
final class JobBoard {
    private let files: JobFiles
    private let calls: any FunctionCalls
    private let finishing: JobFinish
    private let log: @LoopActor (String) -> Void
    private let jitter: @LoopActor () -> Double
    private var jobs: [String: Job] = [:]
    private var byKey: [String: Generation] = [:]
    private var queues: [String: JobQueue] = [:]
    private var counts: [String: DayCount] = [:]
    private var caching: [String: Duration] = [:]
    private var tasks: [String: Task<Void, Never>] = [:]
    /// By their ids, which functions are told as their job's.
    private var running: [String: Generation] = [:]
    private let taskEnded = ChangeSignal()
    private var isStopping = false

    /// Unfinished jobs at once; each costs about 2 KB of memory and a file.
    static let jobsMax = 100_000

    /// - Parameter jitter: 0 to 1, spreads pauses; tests give 0 for none after a failure.
    init(
        files: JobFiles,
        calls: any FunctionCalls,
        finishing: JobFinish,
        log: @escaping @LoopActor (String) -> Void,
        jitter: @escaping @LoopActor () -> Double = { .random(in: 0...1) }
    ) {
        self.files = files
        self.calls = calls
        self.finishing = finishing
        self.log = log
        self.jitter = jitter
    }

    // MARK: What others see

    /// Unfinished jobs.
    var count: Int { jobs.count }
    var runningCount: Int { queues.values.reduce(0) { $0 + $1.runningCount } }
    var readyCount: Int { queues.values.reduce(0) { $0 + $1.readyCount } }

    func job(_ id: String) -> Job? { jobs[id] }

    func position(of job: Job) -> Int? {
        job.canceledAt == nil ? queues[job.generation.function]?.position(of: job.generation) : nil
    }

    /// Runs of `function` today, as its daily cap counts them.
    func runsToday(of function: String) -> Int { counts[function]?.count(now: .now()) ?? 0 }

    // MARK: Settings

    /// Sets what holds for a function's jobs from now on; jobs that were accepted keep their deadline.
    func configure(_ function: String, _ settings: JobSettings, cacheTTL: Duration?) {
        caching[function] = cacheTTL
        if let queue = queues[function] {
            queue.settings = settings
            queue.pump()
        } else {
            queues[function] = JobQueue(settings: settings) { [unowned self] in begin($0) }
        }
    }

    /// Whether work for this key has just ended with a result that the cache does not have yet: it is followed, for the cache may
    /// still have the one before it.
    func hasNewResult(key: String) -> Bool {
        guard let generation = byKey[key], case .done(.success) = generation.phase else { return false }
        return true
    }

    // MARK: Accepting

    /// Makes a job of an admitted request, or lets it follow equal work that is under way.
    ///
    /// - Parameter needsFile: whether the job's id will be told to the caller. A follower that is answered while its caller waits
    ///   needs no file of its own.
    func accept(_ ticket: Ticket, for function: String, needsFile: Bool) async throws -> Job {
        guard !isStopping else { throw AcceptError.stopping }
        guard jobs.count < Self.jobsMax else { throw AcceptError.tooManyJobs(limit: Self.jobsMax) }
        guard let queue = queues[function] else { preconditionFailure("\(function) was not configured") }
        let now = Timestamp.now()
        if let key = ticket.key, !ticket.isFresh, let generation = byKey[key] {
            let job = Job(id: UUIDText.version7(), created: now, generation: generation)
            follow(job)
            if needsFile { try await writeFile(of: job) }
            return job
        }
        guard counts[function, default: DayCount()].allows(now: now, perDay: queue.settings.perDay) else {
            throw AcceptError.dayCap(perDay: queue.settings.perDay, retryAfter: DayCount.secondsToNextDay(now))
        }
        guard files.state.hasRoom else { throw AcceptError.noRoom }
        let generation = Generation(
            id: UUIDText.version7(),
            function: function,
            ticket: ticket,
            created: now,
            deadline: now + queue.settings.deadline,
            retry: RetryDecision(attempts: queue.settings.attempts)
        )
        let job = Job(id: generation.id, created: now, generation: generation)
        counts[function, default: DayCount()].add(at: now)
        if let key = ticket.key { byKey[key] = generation }
        follow(job)
        // With a free slot the first attempt is in the file from the start: one sync instead of two.
        let runsAtOnce = queue.hasFreeSlot
        if runsAtOnce {
            queue.takeSlot()
            generation.phase = .running
            generation.begin(newAttempt(of: generation))
        }
        do {
            try await writeFile(of: job)
        } catch {
            if runsAtOnce { queue.ended() }
            // Who followed meanwhile may have a file, and a client that knows its id.
            await end(generation, .failure(Self.notStored))
            if !generation.jobs.contains(where: \.hasFile) { counts[function]?.takeBack(at: now) }
            throw error
        }
        if runsAtOnce {
            start(generation) { [self] in await attempt(generation, writesFirst: false) }
        } else {
            queue.add(generation)
        }
        return job
    }

    /// Gives a follower its own file, before its id is told.
    func writeFile(of job: Job) async throws {
        guard !job.hasFile else { return }
        job.hasFile = true
        do {
            try await files.create(id: job.id, document: JobDocument.stored(job).encoded())
        } catch {
            job.hasFile = false
            throw error
        }
    }

    private func follow(_ job: Job) {
        jobs[job.id] = job
        job.generation.jobs.append(job)
    }

    // MARK: Running

    private func begin(_ generation: Generation) {
        generation.phase = .running
        guard generation.deadline > .now() else {
            return start(generation) { [self] in
                if !generation.isDone { await end(generation, .failure(.beyondDeadline)) }
            }
        }
        generation.begin(newAttempt(of: generation))
        generation.changes.notify()
        start(generation) { [self] in await attempt(generation, writesFirst: true) }
    }

    private func newAttempt(of generation: Generation) -> Attempt {
        Attempt(number: generation.nextAttemptNumber, id: UUIDText.version7(), started: .now())
    }

    private func start(_ generation: Generation, _ work: @escaping @LoopActor @Sendable () async -> Void) {
        running[generation.id] = generation
        tasks[generation.id] = Task(executorPreference: LoopActor.tasks) {
            await self.run(generation, work)
        }
    }

    private func run(_ generation: Generation, _ work: @LoopActor () async -> Void) async {
        await work()
        tasks[generation.id] = nil
        running[generation.id] = nil
        taskEnded.notify()
        queues[generation.function]?.ended()
    }

    private func attempt(_ generation: Generation, writesFirst: Bool) async {
        guard let attempt = generation.attempts.last, let queue = queues[generation.function] else { return }
        if writesFirst {
            do {
                try await rewriteFile(of: generation)
            } catch {
                guard !generation.isDone else { return }
                // Without its record the attempt must not be made: try again when the disk may have room.
                return postpone(
                    generation,
                    attempt: .deferred,
                    .seconds(5),
                    "The attempt could not be written down: \(error)"
                )
            }
            // Cancelled while the file was written: the function must not hear of it, for a call may cost money.
            guard !Task.isCancelled, !generation.isDone else { return }
        }
        let left = generation.deadline - .now()
        let answer = await calls.run(
            generation,
            attempt: attempt,
            timeout: max(min(queue.settings.timeout, left), .seconds(1))
        )
        guard !Task.isCancelled, !generation.isDone else { return }
        generation.progress = nil
        switch answer {
        case .made(let artifacts):
            generation.endAttempt(.succeeded, at: .now())
            finishing.hold(artifacts, for: generation)
            await end(generation, .success(artifacts.result))
        case .unfinished(let outcome, let note):
            await goOn(generation, outcome, note)
        }
    }

    private func goOn(_ generation: Generation, _ outcome: RunOutcome, _ note: RunNote) async {
        if let state = note.state { generation.resumeState = state }
        let now = Timestamp.now()
        let move = generation.retry.ended(outcome, left: generation.deadline - now, jitter: jitter())
        switch move {
        case .deliver:
            preconditionFailure("a result is not handed to the retry decision")
        case .wait(let pause, _):
            generation.endAttempt(.deferred, at: now, status: note.status, error: note.message)
            await pauseUntil(now + pause, generation)
        case .retry(let pause, _):
            generation.endAttempt(.failed, at: now, status: note.status, error: note.message)
            let perDay = queues[generation.function]?.settings.perDay ?? 0
            guard counts[generation.function, default: DayCount()].allows(now: now, perDay: perDay) else {
                return await end(generation, .failure(.dayCap(perDay, after: note, now: now)))
            }
            counts[generation.function, default: DayCount()].add(at: now)
            await pauseUntil(now + pause, generation)
        case .fail(let reason):
            generation.endAttempt(.failed, at: now, status: note.status, error: note.message)
            await end(generation, .failure(JobFailure(reason, note)))
        }
    }

    private func pauseUntil(_ due: Timestamp, _ generation: Generation) async {
        generation.phase = .waiting(until: due)
        do {
            try await rewriteFile(of: generation)
        } catch {
            // The file still tells of an attempt without an end: after a crash it counts as perhaps paid, which is the safe side.
            log("job \(generation.id): the wait could not be written down: \(error)")
        }
        guard case .waiting = generation.phase else { return }  // cancelled meanwhile
        generation.changes.notify()
        guard !isStopping else { return }
        queues[generation.function]?.wait(generation, until: due)
    }

    private func postpone(_ generation: Generation, attempt outcome: Attempt.Outcome, _ pause: Duration, _ why: String)
    {
        log("job \(generation.id): \(why)")
        let due = Timestamp.now() + pause
        generation.endAttempt(outcome, at: .now(), error: why)
        generation.phase = .waiting(until: due)
        generation.changes.notify()
        queues[generation.function]?.wait(generation, until: due)
    }

    /// The first follower's file is the one that carries the attempts.
    private func rewriteFile(of generation: Generation) async throws {
        guard let owner = generation.jobs.first else { return }
        if owner.hasFile {
            try await files.replace(id: owner.id, document: JobDocument.stored(owner).encoded())
        } else {
            try await writeFile(of: owner)
        }
    }

    // MARK: Ending

    private func end(_ generation: Generation, _ result: Result<JobResult, JobFailure>) async {
        generation.phase = .done(result)
        generation.finished = .now()
        // A result can be followed until the cache has it; a failure answers nobody who asks from now on.
        if case .failure = result { forgetKey(of: generation) }
        // What a new result replaces must not be answered any more once somebody has the new one.
        if generation.ticket.isFresh { finishing.outdate(generation) }
        // Who waits is answered now; nothing of what follows is needed for that (job-files.md).
        generation.changes.notify()
        if case .success(let result) = result {
            await finishing.remember(result, of: generation, ttl: caching[generation.function])
        }
        // By index: others may begin to follow a result, with files of their own, while the ends of the first ones are written.
        var index = 0
        while index < generation.jobs.count {
            let job = generation.jobs[index]
            if job.hasFile { await finishing.finish(job) }
            index += 1
        }
        finishing.letGo(generation)
        forget(generation)
    }

    private func forget(_ generation: Generation) {
        forgetKey(of: generation)
        for job in generation.jobs { jobs[job.id] = nil }
        generation.changes.notify()
    }

    private func forgetKey(of generation: Generation) {
        if let key = generation.ticket.key, byKey[key] === generation { byKey[key] = nil }
    }

    /// The reason names paths of this machine: it is for the log, which has it from whom the error is thrown to.
    private static let notStored = JobFailure(
        status: 503,
        code: "not_stored",
        message: "The job could not be written to disk; the host's log says why. Try again later.",
        retryAfter: 60
    )

    // MARK: Cancelling

    /// Cancels one job; its work goes on while others follow it. Nothing when it has ended.
    func cancel(_ job: Job) async {
        guard !job.state.isFinal else { return }
        let generation = job.generation
        job.cancel(at: .now())
        let wasOwner = generation.jobs.first === job
        var isHeldByProvider = false
        generation.jobs.removeAll { $0 === job }
        generation.changes.notify()
        if generation.jobs.isEmpty {
            isHeldByProvider = abort(generation)
        } else if wasOwner {
            // The attempts must be in a living job's file before this one's file moves away.
            do {
                try await rewriteFile(of: generation)
            } catch {
                log("job \(generation.id): \(error)")
            }
        }
        if job.hasFile { await finishing.finish(job) }
        jobs[job.id] = nil
        generation.changes.notify()
        // Last: a provider may be slow, and until the end is on disk the next host would do the work again.
        if isHeldByProvider { await calls.cancel(generation) }
    }

    /// - Returns: whether a provider goes on with it until it is told.
    private func abort(_ generation: Generation) -> Bool {
        forgetKey(of: generation)
        queues[generation.function]?.remove(generation)
        let isHeldByProvider = if case .waiting = generation.phase { generation.resumeState != nil } else { false }
        generation.endAttempt(.canceled, at: .now())
        generation.phase = .done(.failure(.canceled))
        generation.finished = .now()
        tasks[generation.id]?.cancel()
        return isHeldByProvider
    }

    // MARK: What a function tells while it runs

    /// The work that `function` runs now under the id that it was told. The job that had this id first may be cancelled by now,
    /// with others following on.
    func running(_ id: String, by function: String) -> Generation? {
        guard let generation = running[id], generation.function == function, generation.state == .running else {
            return nil
        }
        return generation
    }

    /// Shows progress of running work; nothing is written.
    func setProgress(_ progress: Progress, of generation: Generation) {
        generation.progress = progress
        generation.changes.notify()
    }

    /// Keeps what the function must remember across a crash; returns when it is on disk.
    func setState(_ state: [UInt8], of generation: Generation) async throws {
        generation.resumeState = state
        try await rewriteFile(of: generation)
    }

    // MARK: Starting and stopping the host

    /// Takes up what the files tell, at start. Call it once, after every function was configured.
    /// - Parameter ended: generations that had ended when the host died, before all of their jobs' files told so. Their work is not
    ///   done again.
    func adopt(_ recovered: [RecoveredJob], ended: [String: EndedGeneration] = [:]) async {
        for (id, group) in Dictionary(grouping: recovered, by: \.generation).sorted(by: { $0.key < $1.key }) {
            await adoptGeneration(group, ended: ended[id])
        }
    }

    private func adoptGeneration(_ group: [RecoveredJob], ended: EndedGeneration?) async {
        // The one with the most attempts is the one that carried them; equal ones were accepted in the order of their ids.
        let ordered = group.sorted { ($1.attempts.count, $0.id) < ($0.attempts.count, $1.id) }
        guard let owner = ordered.first else { return }
        let settings = queues[owner.function]?.settings ?? JobSettings()
        let generation = Generation(
            id: owner.generation,
            function: owner.function,
            ticket: owner.ticket,
            created: owner.created,
            deadline: owner.deadline,
            retry: RetryDecision(attempts: settings.attempts, failures: owner.failures, waits: owner.waits)
        )
        generation.restore(
            attempts: owner.attempts,
            omitted: owner.attemptsOmitted,
            resumeState: owner.resumeState,
            started: owner.started
        )
        for recovered in ordered {
            let job = Job(id: recovered.id, created: recovered.created, generation: generation)
            job.hasFile = true
            follow(job)
        }
        if let ended {
            generation.restore(
                attempts: ended.attempts ?? EndedGeneration.succeeded(owner.attempts),
                omitted: owner.attemptsOmitted,
                resumeState: nil,
                started: owner.started
            )
            return await end(generation, ended.result)
        }
        if let key = generation.ticket.key, byKey[key] == nil { byKey[key] = generation }
        guard let queue = queues[owner.function] else {
            let message = "The function \"\(owner.function)\" is not in functions.json any more."
            return await end(generation, .failure(JobFailure(status: 404, code: "NOT_FOUND", message: message)))
        }
        if let due = owner.due {
            generation.phase = .waiting(until: due)
            queue.wait(generation, until: due)
        } else {
            queue.add(generation)
        }
    }

    /// Counts a run that the files tell of, at start.
    func countRun(of function: String, at moment: Timestamp) {
        counts[function, default: DayCount()].add(at: moment)
    }

    /// Starts nothing more and accepts nothing more. What runs may go on.
    func stop() {
        isStopping = true
        for queue in queues.values { queue.stop() }
    }

    /// Waits until nothing runs, or until the waiting task is cancelled.
    func runningEnded() async {
        while !tasks.isEmpty, await taskEnded.wait(unless: { tasks.isEmpty }) {}
    }

    /// Lets go of what still runs, without a word in its files: the next host takes it up.
    func abandon() {
        for task in tasks.values { task.cancel() }
    }

    /// Wakes everybody who waits, so that they can be told to come back later.
    func wakeAll() {
        for job in jobs.values { job.generation.changes.notify() }
    }
}
