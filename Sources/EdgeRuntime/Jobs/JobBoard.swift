// All unfinished jobs: what is known of them, and what others may see of it.
internal import Callers
internal import CivilTime
internal import EdgeLoop

/// The index of unfinished jobs in memory, over the job files.
///
/// A job is on disk before its caller is told of it and before its function is called; everything else follows from that.
@LoopActor
final class JobBoard {
    let files: JobFiles
    let lanes: Lanes
    let calls: any FunctionCalls
    let finishing: JobFinish
    let ledger: LedgerDesk
    let log: @LoopActor (String) -> Void
    let jitter: @LoopActor () -> Double
    var jobs: [String: Job] = [:]
    var byKey: [String: Generation] = [:]
    var queues: [String: JobQueue] = [:]
    var counts: [String: DayCount] = [:]
    var caching: [String: Duration] = [:]
    var tasks: [String: Task<Void, Never>] = [:]
    /// By their ids, which functions are told as their job's.
    var running: [String: Generation] = [:]
    let taskEnded = ChangeSignal()
    /// Asked in this order before work is accepted.
    var guards: [any JobGuard]
    let leftTasks: LeftTasks
    let news = QueueNews()
    /// What the order of queues goes by.
    private(set) var tiers = TierTable()
    /// Of the work that was accepted last; each has the next one. It grows over restarts, whatever the clock does.
    var serial: Int64 = 0
    /// In whose place new work of a caller waits.
    var tierOf: @LoopActor (Caller, _ function: String, _ now: Timestamp) -> Tier = { caller, _, _ in caller.tier }
    /// Whether tiers say how much there may be a day, and `job.perDay` does not.
    var hasTiers: @LoopActor () -> Bool = { false }
    /// The lanes of the latest tickets.
    var lateLanes: [LaneSet] = []
    var isStopping = false
    /// Jobs whose end the disk has refused so far.
    var unwrittenEnds: Set<String> = []

    /// Unfinished jobs at once; each costs about 2 KB of memory and a file.
    static let jobsMax = 100_000
    static let lateLanesMax = 16
    /// Where jobs wait while paid work is stopped by hand, or a new budget is being read.
    static let moneyLine = "money"

    /// - Parameter jitter: 0 to 1, spreads pauses; tests give 0 for none after a failure.
    init(
        files: JobFiles,
        lanes: Lanes = Lanes(),
        calls: any FunctionCalls,
        finishing: JobFinish,
        ledger: LedgerDesk = LedgerDesk(),
        log: @escaping @LoopActor (String) -> Void,
        jitter: @escaping @LoopActor () -> Double = { .random(in: 0...1) }
    ) {
        self.files = files
        self.lanes = lanes
        self.calls = calls
        self.finishing = finishing
        self.ledger = ledger
        guards = [ledger]
        self.log = log
        self.jitter = jitter
        leftTasks = LeftTasks(calls: calls, log: log) { [taskEnded] in taskEnded.notify() }
        files.state.promised = { [weak self] exactly in self?.promisedSpace(exactly) ?? DiskSpace() }
        finishing.idempotency.isActive = { [unowned self] in jobs[$0.id] != nil }
        lanes.onFreed = { [unowned self] line in
            for queue in queues.values { queue.freed(line) }
        }
        ledger.onStopped = { [news] in news.moved() }
        ledger.onResumed = { [unowned self] in
            for queue in queues.values { queue.freed(Self.moneyLine) }
        }
    }

    // MARK: What others see

    /// Unfinished jobs.
    var count: Int { jobs.count - unwrittenEnds.count }
    var runningCount: Int { queues.values.reduce(0) { $0 + $1.runningCount } }
    var readyCount: Int { queues.values.reduce(0) { $0 + $1.readyCount } }

    /// Unfinished work of one function.
    func unfinished(of function: String) -> Int { queues[function]?.count ?? 0 }

    func job(_ id: String) -> Job? { jobs[id] }

    /// Runs of `function` today, as its daily cap counts them.
    func runsToday(of function: String) -> Int { counts[function]?.count(now: .now()) ?? 0 }

    /// Runs a day that a function may have; 0: no cap.
    func runsPerDay(of function: String) -> Int { hasTiers() ? 0 : queues[function]?.settings.perDay ?? 0 }

    // MARK: Settings

    /// Sets what holds for a function's jobs from now on; jobs that were accepted keep their deadline.
    func configure(_ function: String, _ settings: JobSettings, cacheTTL: Duration?) {
        caching[function] = cacheTTL
        if let queue = queues[function] {
            queue.use(settings, tiers)
        } else {
            queues[function] = JobQueue(
                settings: settings,
                tiers: tiers,
                gate: { [unowned self] generation, ahead in gate(generation, ahead: ahead) },
                outlook: { [unowned self] generation, ahead in outlook(generation, ahead: ahead) },
                start: { [unowned self] in begin($0) },
                moved: { [news] in news.moved() }
            )
        }
    }

    /// Sets what the order goes by from now on; work that was accepted stays meant to begin when it was.
    func use(_ tiers: TierTable) {
        self.tiers = tiers
        for queue in queues.values { queue.use(queue.settings, tiers) }
    }

    /// Whether work for this key has just ended with a result that the cache does not have yet: it is followed, for the cache may
    /// still have the one before it. What it made and is lost is followed by nobody, and made again.
    func hasNewResult(key: String) async -> Bool {
        guard let generation = byKey[key], case .done(.success(let result)) = generation.phase else { return false }
        // Who looks for it takes a moment, in which the cache may get it.
        guard await finishing.hasLost(result) else { return byKey[key] === generation }
        forgetKey(of: generation)
        return false
    }

    // MARK: What its parts share

    /// What the results of all unfinished work are expected to take, and that of one more.
    /// - Parameter exactly: false takes each job for work of its own, which needs no look at all of them.
    private func promisedSpace(_ exactly: Bool) -> DiskSpace {
        let works = exactly ? jobs.values.count { $0.generation.jobs.first === $0 } : jobs.count
        return finishing.resultSizes.space(for: works + 1)
    }

    func follow(_ job: Job) {
        jobs[job.id] = job
        job.generation.jobs.append(job)
    }
}
