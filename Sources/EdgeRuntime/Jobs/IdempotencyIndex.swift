// Which job each idempotency key has led to: in memory, rebuilt from the job files at start.
internal import EdgeLoop

/// The keys of unfinished jobs and of those that are kept. What is removed takes its key along.
@LoopActor
final class IdempotencyIndex {
    private struct Entry {
        let body: HalfDigest
        /// nil while the first request with the key is being admitted.
        var job: JobKey?
    }

    private var entries: [HalfDigest: Entry] = [:]
    /// Keys in the order in which they came; those that are gone from `entries` are passed over.
    private var order: [HalfDigest] = []
    private var first = 0
    private let changes = ChangeSignal()
    /// Whether all files were read; until then a request with a key waits.
    private(set) var isComplete = true
    /// Whether a job is unfinished: its key stays.
    var isActive: @LoopActor (JobKey) -> Bool = { _ in false }

    private let keysMax: Int
    /// About 120 bytes each. Of more keys the oldest ones of ended jobs are forgotten, before their jobs go.
    nonisolated static let keysMax = 100_000
    /// How long a request waits for the files to be read, or for an equal one to be admitted.
    static let waitMax = Duration.seconds(60)

    init(keysMax: Int = IdempotencyIndex.keysMax) { self.keysMax = keysMax }

    var count: Int { entries.count }

    // MARK: Files

    /// Says that files are about to be read, and that they were.
    func load() { isComplete = false }

    func loaded() {
        isComplete = true
        changes.notify()
    }

    /// Takes up what a job file tells. Of two jobs with one key the later one counts.
    func note(_ mark: IdempotencyMark, of job: JobKey) {
        if let known = entries[mark.key] {
            guard let other = known.job, other < job else { return }
        }
        insert(Entry(body: mark.body, job: job), mark.key)
    }

    /// Forgets the key of a job that is gone.
    func forget(_ mark: IdempotencyMark, of job: JobKey) {
        if entries[mark.key]?.job == job { entries[mark.key] = nil }
    }

    // MARK: Requests

    /// Finds the job of a key, or takes the key for the one that is about to be made.
    /// - Throws: ``Problem`` for a key that came with another body, and when the wait for an equal request is too long.
    func claim(_ mark: IdempotencyMark) async throws -> IdempotencyClaim {
        let end = ContinuousClock.now + Self.waitMax
        while true {
            if isComplete {
                guard let entry = entries[mark.key] else {
                    insert(Entry(body: mark.body, job: nil), mark.key)
                    return IdempotencyClaim(index: self, mark: mark, known: nil)
                }
                guard entry.body == mark.body else { throw Problem.idempotencyKeyReused }
                if let job = entry.job { return IdempotencyClaim(index: self, mark: mark, known: job) }
            }
            let left = end - .now
            guard left > .zero,
                await changes.wait(
                    atMost: left,
                    unless: { [self] in isComplete && entries[mark.key].map { $0.job != nil } ?? true }
                )
            else { throw Problem.idempotencyKeyBusy }
        }
    }

    fileprivate func settle(_ mark: IdempotencyMark, _ job: JobKey?) {
        if let job {
            entries[mark.key] = Entry(body: mark.body, job: job)
        } else if let entry = entries[mark.key], entry.job == nil {
            entries[mark.key] = nil
        }
        changes.notify()
    }

    /// Takes a key whose job cannot be read any more.
    fileprivate func takeOver(_ mark: IdempotencyMark, from job: JobKey) -> Bool {
        guard entries[mark.key]?.job == job else { return false }
        entries[mark.key]?.job = nil
        return true
    }

    // MARK: Bounds

    private func insert(_ entry: Entry, _ key: HalfDigest) {
        if entries.updateValue(entry, forKey: key) == nil { order.append(key) }
        var looks = 0
        while entries.count > keysMax, first < order.count, looks < order.count {
            looks += 1
            let oldest = order[first]
            first += 1
            guard let entry = entries[oldest] else { continue }
            if entry.job.map(isActive) ?? true { order.append(oldest) } else { entries[oldest] = nil }
        }
        if order.count > 2 * keysMax {
            var seen: Set<HalfDigest> = []
            order = order[first...].filter { entries[$0] != nil && seen.insert($0).inserted }
            first = 0
        }
    }
}

/// A request's hold on its key, until its job is on disk.
@LoopActor
final class IdempotencyClaim {
    private let index: IdempotencyIndex
    let mark: IdempotencyMark
    /// The job that the key has led to before; nil: this request makes it.
    private(set) var known: JobKey?
    private var isSettled: Bool

    fileprivate init(index: IdempotencyIndex, mark: IdempotencyMark, known: JobKey?) {
        self.index = index
        self.mark = mark
        self.known = known
        isSettled = known != nil
    }

    /// The job is on disk: the key is its own from now on.
    func settle(_ id: String) {
        isSettled = true
        index.settle(mark, JobKey(id))
    }

    /// Gives the key back when no job came of it.
    func letGo() {
        guard !isSettled else { return }
        isSettled = true
        index.settle(mark, nil)
    }

    /// Goes on as if the key were new: its job is gone.
    /// - Returns: false when another request has done so already.
    func takeOver() -> Bool {
        guard let job = known, index.takeOver(mark, from: job) else { return false }
        known = nil
        isSettled = false
        return true
    }
}

extension Problem {
    static let idempotencyKeyReused = Problem(
        status: 422,
        code: "idempotency_key_reused",
        message:
            "This Idempotency-Key came with another request before. Send each new request with a new key, and a repeated one "
            + "unchanged; keys are kept as long as their job.",
        field: "Idempotency-Key"
    )

    /// Not 409: whoever repeats a request while the first one is under way shares its job.
    static let idempotencyKeyBusy = Problem(
        status: 503,
        code: "idempotency_key_busy",
        message: "The first request with this Idempotency-Key is still being admitted. Send it again in a moment.",
        retryAfter: 2
    )
}
