// What an earlier host left, and what has become too old.
internal import CivilTime
internal import EdgeLoop
internal import JSON

/// Adopts jobs at start, and removes old ones while the host runs.
@LoopActor
final class Housekeeping {
    private let files: JobFiles
    private let images: ImageFiles
    private let cache: ResultCache
    private let board: JobBoard
    private let finishing: JobFinish
    private let limits: LimitKeeper?
    private let log: LogWriter
    let retention: Retention
    private var timer: LoopTimer?
    private var trimTimer: LoopTimer?
    private var task: Task<Void, Never>?
    private var trimTask: Task<Void, Never>?

    private static let interval = Duration.seconds(3600)
    /// Ages and sizes are looked at this often.
    private static let trimInterval = Duration.seconds(60)

    init(
        files: JobFiles,
        images: ImageFiles,
        cache: ResultCache,
        board: JobBoard,
        finishing: JobFinish,
        limits: LimitKeeper? = nil,
        log: LogWriter
    ) {
        self.limits = limits
        self.files = files
        self.images = images
        self.cache = cache
        self.board = board
        self.finishing = finishing
        self.log = log
        retention = Retention(files: files, images: images, cache: cache, finishing: finishing, log: log)
        retention.settled = { [board] in try await board.ledger.settled($0) }
    }

    /// Takes up unfinished jobs and counts the runs of today. Before the first request.
    /// - Throws: ``HostError`` when the ledger cannot be read: on empty sums every budget would be whole again.
    func adopt() async throws {
        finishing.idempotency.load()
        let now = Timestamp.now()
        var runs = RunsOfToday(day: now.day)
        var calls = LatestCalls(since: now - .seconds(86_400))
        var accepted = AcceptedWork()
        var recovered: [RecoveredJob] = []
        await limits?.load()
        var charges: [ChargeRow] = []
        for stored in try await files.load() {
            do {
                let document = try Self.document(stored.document)
                var job = try RecoveredJob(document)
                job.markLostAttempt(now: now)
                runs.count(document)
                accepted.note(document)
                finishing.adopt(document, id: stored.id)
                calls.note(document)
                charges += ChargeRow.rows(in: document)
                recovered.append(job)
            } catch {
                await bury(stored.id, error.reason)
            }
        }
        await files.eachFinished(day: now.day) { stored in
            if let document = try? Self.document(stored.document) {
                runs.count(document)
                calls.note(document)
                accepted.note(document)
            }
        }
        await files.eachTrace(of: now.day) { trace in
            if let document = try? Self.document(trace) {
                runs.count(document)
                calls.note(document)
                accepted.note(document)
            }
        }
        // A quota of 24 hours looks back into yesterday, and limits as far back as their counts are old.
        let yesterday = (now - .seconds(86_400)).day
        let earlier = limits?.isInForce == true ? days(from: limits?.countedDay ?? "", before: yesterday) : []
        for day in [yesterday] + earlier {
            await files.eachFinished(day: day) { stored in
                guard let document = try? Self.document(stored.document) else { return }
                if day == yesterday { calls.note(document) }
                accepted.note(document)
            }
            await files.eachTrace(of: day) { trace in
                guard let document = try? Self.document(trace) else { return }
                if day == yesterday { calls.note(document) }
                accepted.note(document)
            }
        }
        board.serial = max(board.serial, accepted.serial, limits?.countedThrough ?? 0)
        await limits?.count(accepted, now: now)
        for call in calls.found {
            board.lanes.restore(account: call.account, started: call.at, blockedUntil: call.blockedUntil)
        }
        for (function, moment) in runs.found { board.countRun(of: function, at: moment) }
        await cache.load()
        do {
            try await board.ledger.load(charges, of: Array(Set(recovered.map(\.generation))), files)
        } catch {
            throw HostError("the ledger cannot be read, and nobody else knows what was spent: \(error)")
        }
        await board.adopt(recovered, ended: await ended(recovered, now: now))
        if !recovered.isEmpty { log.write(.info, "took up \(recovered.count) unfinished jobs") }
    }

    /// The days of which there are ended jobs.
    private func days(from first: String, before last: String) -> [String] {
        Set(files.finished.dayNames + files.traces.dayNames).filter { $0 >= first && $0 < last }.sorted()
    }

    private func bury(_ id: String, _ reason: String) async {
        do {
            try await files.bury(id: id, reason: reason)
        } catch {
            log.write(.error, "the job file \(id) makes no sense (\(reason)) and could not be moved away: \(error)")
        }
    }

    /// What became of generations whose end not every file tells: the host died between the first file and the last.
    private func ended(_ recovered: [RecoveredJob], now: Timestamp) async -> [String: EndedGeneration] {
        var open = Set(recovered.map(\.generation))
        guard let since = recovered.map(\.created).min()?.day else { return [:] }
        var ended: [String: EndedGeneration] = [:]
        for day in files.finished.dayNames where day >= since {
            await files.eachFinished(day: day) { stored in
                guard let document = try? Self.document(stored.document),
                    let id = document["generation"]?.string, open.contains(id)
                else { return }
                ended[id] = EndedGeneration(document) ?? ended[id]
            }
        }
        open.subtract(ended.keys)
        for job in recovered where open.contains(job.generation) {
            ended[job.generation] = await finishing.kept(of: job)
        }
        for (id, one) in ended where await !finishing.isWhole(one) { ended[id] = nil }
        return ended
    }

    nonisolated static func document(_ bytes: [UInt8]) throws(RecoveredJob.Unreadable) -> JSONObject {
        do {
            guard let object = try JSONValue.parse(bytes).object else {
                throw RecoveredJob.Unreadable(reason: "it is no JSON object")
            }
            return object
        } catch let error as JSONError {
            throw RecoveredJob.Unreadable(reason: "it is no JSON: \(error)")
        } catch {
            throw RecoveredJob.Unreadable(reason: "it is no JSON object")
        }
    }

    /// Begins the work in the background: finding out who refers to which image comes before anything is removed.
    func start() {
        task = Task { @LoopActor in
            await files.eachFinished { [finishing] stored in
                // What parses to nothing goes in its time all the same.
                let document = (try? Self.document(stored.document)) ?? [:]
                finishing.adopt(document, id: stored.id)
                finishing.keep(document, id: stored.id, bytes: stored.document.count, day: stored.day)
                if document["webhook"] != nil { finishing.onEnded(document) }
            }
            finishing.idempotency.loaded()
            guard !Task.isCancelled else { return }
            await tidy()
            guard !Task.isCancelled else { return }
            trimTimer = LoopTimer(after: Self.trimInterval, every: Self.trimInterval) { [unowned self] in
                trimTask = Task { @LoopActor in await retention.trim() }
            }
        }
        timer = LoopTimer(after: Self.interval, every: Self.interval) { [unowned self] in
            task = Task { @LoopActor in await tidy() }
        }
    }

    func stop() {
        for timer in [timer, trimTimer] { timer?.cancel() }
        (timer, trimTimer) = (nil, nil)
        task?.cancel()
        trimTask?.cancel()
    }

    /// - Parameter now: what ages count from.
    func tidy(now: Timestamp = .now()) async {
        // Before anything goes that they could be made of again.
        let isCounted = await limits?.save() ?? true
        let yesterday = (now - .seconds(86_400)).day
        if isCounted { await files.removeTraces(before: yesterday) }
        _ = await images.sweep()
        await cache.evict(now: now)
        await retention.trim(now: now)
        await files.removeEmptyDays(before: yesterday)
    }
}

/// Counts the runs of one day from job documents: each generation once, and once more for each attempt that followed a failure.
struct RunsOfToday {
    let day: String
    private var seen: Set<String> = []
    private(set) var found: [(function: String, at: Timestamp)] = []

    init(day: String) { self.day = day }

    /// What must stay of a removed job so that its runs go on to count, against the day, against quotas of 24 hours, and against
    /// limits whose counts do not have it yet; nil when nothing counts it any more. It tells nothing of what was asked for.
    static func trace(of document: JSONObject, now: Timestamp, countedThrough: Int64 = .max) -> [UInt8]? {
        let ended = document["finished"]?.string ?? document["created"]?.string
        let isRecent = ended.flatMap { Timestamp(iso8601: $0) }.map { $0 > now - .seconds(86_400) } ?? false
        let isUncounted = document["serial"]?.integer.map { $0 > countedThrough } ?? false
        guard isRecent || isUncounted else { return nil }
        var trace: JSONObject = [:]
        for key in ["function", "generation", "created", "state"] { trace[key] = document[key] }
        if isUncounted { for key in ["serial", "caller"] { trace[key] = document[key] } }
        if isOwn(document) { trace["own"] = true }
        trace["attempts"] = .array((document["attempts"]?.array ?? []).map(traced))
        return trace.encoded()
    }

    /// What counts of an attempt: against the day, and against its account's quota.
    private static func traced(_ attempt: JSONValue) -> JSONValue {
        var trace: JSONObject = [:]
        for key in ["number", "id", "started", "outcome", "account", "blockedUntil"] { trace[key] = attempt[key] }
        return .object(trace)
    }

    /// Whether it went on its caller's own tokens alone.
    private static func isOwn(_ document: JSONObject) -> Bool {
        if let told = document["own"]?.bool { return told }
        let lanes = document["lanes"]?.array ?? []
        return !lanes.isEmpty && lanes.allSatisfy { $0["own"]?.bool ?? false }
    }

    mutating func count(_ document: JSONObject) {
        guard let function = document["function"]?.string, let generation = document["generation"]?.string,
            let created = document["created"]?.string.flatMap({ Timestamp(iso8601: $0) }), created.day == day,
            seen.insert(generation).inserted, !Self.isOwn(document)
        else { return }
        let failures = (document["attempts"]?.array ?? []).count {
            $0["outcome"]?.string == Attempt.Outcome.failed.rawValue
        }
        let followed = document["state"]?.string == JobState.failed.rawValue ? failures - 1 : failures
        for _ in 0...max(0, followed) { found.append((function, created)) }
    }
}
