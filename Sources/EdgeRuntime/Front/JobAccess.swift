// Jobs by their id, finished ones too: what the Status function asks for.
internal import Callers
internal import CivilTime
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON

/// Reads, follows, cancels and removes jobs that were told to clients.
@LoopActor
final class JobAccess {
    /// How long an end may take to be written.
    private static let endWait = Duration.seconds(10)

    let board: JobBoard
    private let files: JobFiles
    private let finishing: JobFinish
    private let events: JobEvents
    /// Whether the jobs of a function are told to clients: those of the host's own tell where its receivers are.
    private let isShown: @LoopActor (_ function: String) -> Bool
    /// Set when the host stops: long polls are answered at once.
    var isStopping = false

    init(
        board: JobBoard,
        files: JobFiles,
        finishing: JobFinish,
        events: JobEvents,
        isShown: @escaping @LoopActor (_ function: String) -> Bool = { _ in true }
    ) {
        self.isShown = isShown
        self.board = board
        self.files = files
        self.finishing = finishing
        self.events = events
    }

    /// The document; with `wait`, as soon as the state or an attempt changes, or when the wait is over.
    func document(_ id: String, wait: Duration?, base: String) async throws -> HTTPResponse {
        if let job = try unfinished(id) {
            if let wait, !job.state.isFinal { await waitForChange(of: job, atMost: wait) }
            return Self.answer(shown(job, base: base))
        }
        return Self.answer(JobDocument.shown(try await finished(id), base: base))
    }

    func events(_ id: String, base: String) async throws -> HTTPResponse {
        if let job = try unfinished(id) { return events.stream(of: job, base: base) }
        return events.stream(of: JobDocument.shown(try await finished(id), base: base))
    }

    /// Cancels what has not ended; removes what has.
    /// - Parameter asker: for whom; the jobs of known callers are their own.
    func delete(_ id: String, by asker: Caller, base: String) async throws -> HTTPResponse {
        if let job = try unfinished(id) {
            guard asker.mayEnd(jobOf: job.caller) else { throw Problem.notYourJob(id) }
            if !job.state.isFinal {
                await board.cancel(job)
                try await waitUntilEndIsWritten(of: job)
                return Self.answer(JobDocument.shown(JobDocument.stored(job), base: base))
            }
            try await waitUntilEndIsWritten(of: job)
        }
        let stored = try await finished(id)
        guard asker.mayEnd(jobOf: stored["caller"].flatMap { Caller($0) } ?? .local) else {
            throw Problem.notYourJob(id)
        }
        try await board.ledger.settled(stored["generation"]?.string ?? id)
        let trace = RunsOfToday.trace(of: stored, now: .now(), countedThrough: files.countedThrough)
        try await files.remove(id: id, leaving: trace)
        await finishing.removed(stored, id: id)
        return HTTPResponse(status: 204)
    }

    /// Waiters are told of the end before the file has moved: what is removed must not be written afterwards, and what is said to be
    /// cancelled must not be done by the next host.
    private func waitUntilEndIsWritten(of job: Job) async throws {
        let end = ContinuousClock.now + Self.endWait
        let isWritten: @LoopActor () -> Bool = { [board] in board.job(job.id) == nil }
        while !isWritten() {
            let left = end - .now
            // A wait ends at once, again and again, when the client has left.
            if left > .zero, await job.generation.changes.wait(atMost: left, unless: isWritten) { continue }
            guard isWritten() else { throw Problem.endNotWritten(job.id) }
        }
    }

    private func unfinished(_ id: String) throws -> Job? {
        guard let job = board.job(id) else { return nil }
        guard isShown(job.generation.function) else { throw Problem.unknownJob(id) }
        return job
    }

    private func finished(_ id: String) async throws -> JSONObject {
        // A job that ends just now has left memory only after its file is in place.
        guard let text = await files.readDone(id: id), let stored = (try? JSONValue.parse(text))?.object,
            stored["function"]?.string.map(isShown) ?? true
        else {
            throw Problem.unknownJob(id)
        }
        return stored
    }

    private func shown(_ job: Job, base: String) -> JSONObject {
        JobDocument.shown(
            JobDocument.stored(job),
            base: base,
            place: board.place(of: job),
            progress: job.generation.progress
        )
    }

    private func waitForChange(of job: Job, atMost limit: Duration) async {
        let end = ContinuousClock.now + limit
        let before = shown(job, base: "")
        let generation = job.generation
        board.news.watch(generation)
        defer { board.news.unwatch(generation) }
        let isOver: @LoopActor () -> Bool = { [self] in
            isStopping || JobDocument.isNews(shown(job, base: ""), after: before)
        }
        while !isOver() {
            let left = end - .now
            guard left > .zero, await generation.changes.wait(atMost: left, unless: isOver) else { return }
        }
    }

    private static func answer(_ document: JSONObject) -> HTTPResponse {
        HTTPResponse(
            headers: ["Content-Type": "application/json", "Cache-Control": "no-store"],
            body: .bytes(document.encoded())
        )
    }
}
