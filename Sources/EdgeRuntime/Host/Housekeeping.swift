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
    private let log: LogWriter
    private var timer: LoopTimer?
    private var task: Task<Void, Never>?

    /// Finished job files go after this.
    static let keptFor = Duration.seconds(7 * 86_400)
    private static let interval = Duration.seconds(3600)

    init(files: JobFiles, images: ImageFiles, cache: ResultCache, board: JobBoard, finishing: JobFinish, log: LogWriter)
    {
        self.files = files
        self.images = images
        self.cache = cache
        self.board = board
        self.finishing = finishing
        self.log = log
    }

    /// Takes up unfinished jobs and counts the runs of today. Before the first request.
    func adopt() async throws {
        finishing.idempotency.load()
        let now = Timestamp.now()
        var runs = RunsOfToday(day: now.day)
        var calls = LatestCalls(since: now - .seconds(86_400))
        var recovered: [RecoveredJob] = []
        for stored in try await files.load() {
            do {
                let document = try Self.document(stored.document)
                var job = try RecoveredJob(document)
                job.markLostAttempt(now: now)
                runs.count(document)
                finishing.adopt(document, id: stored.id)
                calls.note(document)
                recovered.append(job)
            } catch {
                await bury(stored.id, error.reason)
            }
        }
        await files.eachFinished(day: now.day) { stored in
            if let document = try? Self.document(stored.document) {
                runs.count(document)
                calls.note(document)
            }
        }
        // A quota of 24 hours looks back into yesterday.
        await files.eachFinished(day: (now - .seconds(86_400)).day) { stored in
            if let document = try? Self.document(stored.document) { calls.note(document) }
        }
        await files.eachTrace(of: now.day) { trace in
            if let document = try? Self.document(trace) {
                runs.count(document)
                calls.note(document)
            }
        }
        await files.eachTrace(of: (now - .seconds(86_400)).day) { trace in
            if let document = try? Self.document(trace) { calls.note(document) }
        }
        for call in calls.found {
            board.lanes.restore(account: call.account, started: call.at, blockedUntil: call.blockedUntil)
        }
        for (function, moment) in runs.found { board.countRun(of: function, at: moment) }
        await cache.load()
        await board.adopt(recovered, ended: await ended(recovered, now: now))
        if !recovered.isEmpty { log.write(.info, "took up \(recovered.count) unfinished jobs") }
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
        guard var day = recovered.map(\.created).min() else { return [:] }
        day = max(day, now - Self.keptFor)
        var ended: [String: EndedGeneration] = [:]
        while day.day <= now.day {
            await files.eachFinished(day: day.day) { stored in
                guard let document = try? Self.document(stored.document),
                    let id = document["generation"]?.string, open.contains(id)
                else { return }
                ended[id] = EndedGeneration(document) ?? ended[id]
            }
            day = day + .seconds(86_400)
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
                if let document = try? Self.document(stored.document) { finishing.adopt(document, id: stored.id) }
            }
            finishing.idempotency.loaded()
            guard !Task.isCancelled else { return }
            _ = await images.sweep()
            await tidy()
        }
        timer = LoopTimer(after: Self.interval, every: Self.interval) { [unowned self] in
            task = Task { @LoopActor in await tidy() }
        }
    }

    func stop() {
        timer?.cancel()
        timer = nil
        task?.cancel()
    }

    private func tidy() async {
        await files.removeTraces(before: (Timestamp.now() - .seconds(86_400)).day)
        let day = (Timestamp.now() - Self.keptFor).day
        let count = await files.removeFinished(before: day) { [finishing] stored in
            if let document = try? Self.document(stored.document) { finishing.expired(document, id: stored.id) }
        }
        if count > 0 { log.write(.info, "removed \(count) job files from before \(day)") }
        await cache.evict()
    }
}

/// Counts the runs of one day from job documents: each generation once, and once more for each attempt that followed a failure.
struct RunsOfToday {
    let day: String
    private var seen: Set<String> = []
    private(set) var found: [(function: String, at: Timestamp)] = []

    init(day: String) { self.day = day }

    /// What must stay of a removed job so that its runs go on to count; nil when it was not accepted on this day. It tells
    /// nothing of what was asked for.
    func trace(of document: JSONObject) -> [UInt8]? {
        guard let created = document["created"]?.string, Timestamp(iso8601: created)?.day == day else { return nil }
        var trace: JSONObject = [:]
        for key in ["function", "generation", "created", "state"] { trace[key] = document[key] }
        trace["attempts"] = .array((document["attempts"]?.array ?? []).map(Self.traced))
        return trace.encoded()
    }

    /// What counts of an attempt: against the day, and against its account's quota.
    private static func traced(_ attempt: JSONValue) -> JSONValue {
        var trace: JSONObject = [:]
        for key in ["number", "id", "started", "outcome", "account", "blockedUntil"] { trace[key] = attempt[key] }
        return .object(trace)
    }

    mutating func count(_ document: JSONObject) {
        guard let function = document["function"]?.string, let generation = document["generation"]?.string,
            let created = document["created"]?.string.flatMap({ Timestamp(iso8601: $0) }), created.day == day,
            seen.insert(generation).inserted
        else { return }
        let failures = (document["attempts"]?.array ?? []).count {
            $0["outcome"]?.string == Attempt.Outcome.failed.rawValue
        }
        let followed = document["state"]?.string == JobState.failed.rawValue ? failures - 1 : failures
        for _ in 0...max(0, followed) { found.append((function, created)) }
    }
}
