// Jobs as their operator sees and handles them: lists, whole documents, another try, cancel, purge.
internal import Callers
internal import CivilTime
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON

/// Answers `edge jobs`.
@LoopActor
struct OperatorJobs {
    let front: JobFront
    let functions: Functions

    private var board: JobBoard { front.board }
    private var files: JobFiles { front.board.files }

    // MARK: Reading

    /// Unfinished jobs first, then dead ones, then ended ones from the newest.
    func list(_ filter: JobFilter) async throws -> JSONObject {
        var rows: [JSONValue] = []
        let active = board.jobs.values.filter {
            $0.hasFile
                && filter.takes(
                    state: $0.state.rawValue,
                    function: $0.generation.function,
                    caller: $0.caller,
                    created: $0.created
                )
        }
        for job in active.sorted(by: { $0.id > $1.id }).prefix(filter.limit) {
            rows.append(.object(Self.row(JobDocument.stored(job))))
        }
        if filter.state == nil || filter.state == JobFilter.dead {
            for dead in try await files.dead().reversed() where rows.count < filter.limit {
                let function = dead.document?["function"]?.string
                guard
                    filter.takes(state: JobFilter.dead, function: function, caller: dead.caller, created: dead.created)
                else { continue }
                rows.append(.object(dead.row))
            }
        }
        if rows.count < filter.limit, filter.state.flatMap({ JobState(rawValue: $0) })?.isFinal ?? (filter.state == nil)
        {
            let shown = Set(active.map(\.id))
            await files.newestFinished(since: filter.since?.day) { stored in
                if let document = Self.document(stored), !shown.contains(stored.id), filter.takes(document) {
                    rows.append(.object(Self.row(document)))
                }
                return rows.count < filter.limit
            }
        }
        return ["jobs": .array(rows)]
    }

    /// All that is known of one job.
    func show(_ id: String) async throws -> JSONObject {
        if let job = board.job(id) {
            var document = JobDocument.stored(job)
            let place = board.place(of: job)
            document["position"] = place.position.map { .integer(Int64($0)) } ?? .null
            document["estimatedStart"] = place.estimatedStart.map { .string($0.iso8601) } ?? .null
            document["progress"] = job.generation.progress?.json ?? .null
            return document
        }
        if let stored = await ended(id) { return stored }
        guard let dead = await files.dead(id) else { throw Problem.unknownJob(id) }
        var shown = dead.row
        shown["document"] = dead.document.map { .object($0) } ?? .null
        return shown
    }

    // MARK: Acting

    /// Makes a new job of the work of one that ended without a result.
    func retry(_ id: String) async throws -> JSONObject {
        if let job = board.job(id), !job.state.isFinal {
            throw Self.conflict("the job \(id) is \(job.state.rawValue): it is tried again by itself")
        }
        guard board.job(id) == nil else { throw Problem.endNotWritten(id) }
        let work: RecoveredJob
        var dead: DeadJob?
        do {
            if let stored = await ended(id) {
                guard stored["state"]?.string != JobState.succeeded.rawValue else {
                    throw Self.conflict("the job \(id) has succeeded; a request with \"fresh\": true makes a new image")
                }
                work = try RecoveredJob(stored)
            } else {
                dead = await files.dead(id)
                guard let dead else { throw Problem.unknownJob(id) }
                work = try dead.work()
            }
        } catch let error as RecoveredJob.Unreadable {
            let way = dead.map { "; look at \($0.path), or remove it with `edge jobs purge --state dead`" } ?? ""
            throw Self.conflict("the job \(id) cannot be run again: \(error.reason)\(way)")
        }
        let job = try await accept(work)
        if dead != nil {
            do {
                try await files.removeDead(id)
            } catch {
                board.log("jobs/dead/\(id).json: \(error)")
            }
        }
        return ["id": .string(job.id), "state": .string(job.state.rawValue), "retryOf": .string(id)]
    }

    private func accept(_ work: RecoveredJob) async throws -> Job {
        guard let function = functions[work.function], function.entry.job != nil else {
            throw Self.conflict("the function \"\(work.function)\" is no job function of functions.json now")
        }
        var ticket = work.ticket
        if let key = ticket.key, !ticket.isFresh, let entry = await front.cache.peek(key: key),
            let image = entry.result.images.first
        {
            throw Self.conflict("the same request has a result by now: /images/\(image.fileName)")
        }
        do {
            try await front.findInputs(of: &ticket, among: [], function)
        } catch is IsolateError {
            throw Self.conflict("a picture that the job needs is gone by now; send its request again")
        }
        do {
            return try await board.accept(
                ticket,
                for: function.name,
                by: work.caller,
                needsFile: true,
                isExempt: true,
                webhook: work.webhook
            )
        } catch let error as AcceptError {
            throw JobAnswers.problem(error, function: function.name)
        }
    }

    func cancel(_ id: String) async throws -> JSONObject {
        guard let job = board.job(id), !job.state.isFinal else {
            guard board.job(id) == nil else { throw Problem.endNotWritten(id) }
            guard let state = (await ended(id))?["state"]?.string else { throw Problem.unknownJob(id) }
            throw Self.conflict("the job \(id) has ended already: it is \(state)")
        }
        await board.cancel(job)
        guard board.job(id) == nil else { throw Problem.endNotWritten(id) }
        return ["id": .string(id), "state": .string(job.state.rawValue)]
    }

    /// Removes ended and dead jobs. Images that the cache has stay.
    func purge(_ filter: JobFilter) async throws -> JSONObject {
        guard filter.state != nil || filter.before != nil else {
            throw Problem(status: 400, code: "bad_filter", message: "say what to remove, with --before or --state")
        }
        if let state = filter.state.flatMap({ JobState(rawValue: $0) }), !state.isFinal {
            throw Self.conflict("jobs that are \(state.rawValue) have not ended; `edge jobs cancel ID` ends one")
        }
        var count = 0
        if filter.state == nil || filter.state == JobFilter.dead {
            for dead in try await files.dead() {
                let function = dead.document?["function"]?.string
                guard
                    filter.takes(state: JobFilter.dead, function: function, caller: dead.caller, created: dead.created)
                else { continue }
                try await files.removeDead(dead.name)
                count += 1
            }
        }
        guard filter.state != JobFilter.dead else { return ["removed": .integer(Int64(count))] }
        var failure: (any Error)?
        await files.newestFinished(since: nil) { stored in
            // One that ends just now is still in memory: its end is being written.
            guard let document = Self.document(stored), filter.takes(document), board.job(stored.id) == nil else {
                return true
            }
            do {
                try await board.ledger.settled(document["generation"]?.string ?? stored.id)
                let trace = RunsOfToday.trace(of: document, now: .now(), countedThrough: files.countedThrough)
                try await files.remove(id: stored.id, leaving: trace)
                board.finishing.expired(document, id: stored.id)
                count += 1
            } catch {
                failure = error
            }
            return failure == nil
        }
        if let failure { throw failure }
        return ["removed": .integer(Int64(count))]
    }

    // MARK: Documents

    private func ended(_ id: String) async -> JSONObject? {
        await files.readDone(id: id).flatMap { try? JSONValue.parse($0) }?.object
    }

    private static func document(_ stored: StoredJob) -> JSONObject? { (try? JSONValue.parse(stored.document))?.object }

    private static func row(_ stored: JSONObject) -> JSONObject {
        var row: JSONObject = [:]
        for key in ["id", "state", "function", "created", "finished"] { row[key] = stored[key] ?? .null }
        let attempts = Int64(stored["attempts"]?.array?.count ?? 0) + (stored["attemptsOmitted"]?.integer ?? 0)
        row["attempts"] = .integer(attempts)
        for key in ["provider", "cost", "nextAttemptAt"] { row[key] = stored[key] }
        row["user"] = stored["caller"].map { $0["user"] ?? $0["id"] ?? .null }
        let last = stored["attempts"]?.array?.last?["error"]?.string
        row["reason"] = (stored["error"]?["message"]?.string ?? last).map { .string($0) }
        return row
    }

    private static func conflict(_ message: String) -> Problem {
        Problem(status: 409, code: "not_possible", message: message)
    }
}
