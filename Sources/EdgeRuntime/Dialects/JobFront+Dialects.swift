// The way of a request that came in another API's words: the same admission, cache, jobs and single-flight as a native one.
internal import Callers
internal import CivilTime
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON

/// A result for a caller who was held until it was there.
struct HeldResult: Sendable {
    let result: JobResult
    /// Seconds that a copy may be kept; nil: it must not be.
    let maxAge: Int?
    let cacheStatus: String
}

extension JobFront {
    /// How long such a caller is held: these clients know no 202, and wait so long by themselves.
    static let dialectWait = Duration.seconds(600)

    /// - Parameters:
    ///   - fields: the function's own.
    ///   - asked: the URL of who is to be told of the end.
    ///   - part: which image of how many, when the request asks for several.
    ///   - batch: what these images share.
    ///   - onlooker: sees the unfinished pictures of this one.
    /// - Throws: ``DialectProblem`` for a job that ended without a result.
    func make(
        _ fields: JSONObject,
        _ pictures: [Picture],
        _ context: RequestContext,
        _ function: LiveFunction,
        _ settings: JobSettings,
        _ notes: RequestNotes,
        webhook asked: String? = nil,
        part: (index: Int, count: Int) = (0, 1),
        batch: ImageBatch? = nil,
        onlooker: PartialOnlooker? = nil
    ) async throws -> HeldResult {
        let request = TakenRequest(
            body: fields.encoded(),
            contentType: "application/json",
            target: "/functions/v1/\(function.name)",
            pictures: pictures
        )
        guard request.body.count <= RequestPictures.fieldsBytesMax else { throw Problem.fieldsTooLarge }
        let webhook = try webhook(asked, of: function, base: context.base)
        let marked = asked.map { request.body + Array($0.utf8) } ?? request.body
        let claim = try await claim(context, function, target: request.target, body: marked, part: part)
        defer { claim?.letGo() }
        if let known = try await heldReplay(claim, notes) { return known }
        var ticket: Ticket
        switch try await admit(context, request, function, settings) {
        case .ticket(let admitted): ticket = admitted
        case .refused(let status, _, let retryAfter, let body):
            let document = (try? JSONValue.parse(body))?.object ?? [:]
            throw Problem(status: status, document: document, retryAfter: retryAfter.flatMap { Int($0) })
        }
        let isKept = function.entry.cache != nil && ticket.key != nil
        if isKept, !ticket.isFresh, let key = ticket.key, await !board.hasNewResult(key: key) {
            let now = Timestamp.now()
            if let entry = await cache.lookup(key: key, now: now), try await isWhole(entry.result) {
                if claim != nil || asked != nil {
                    let keeps = asked == nil ? nil : webhook
                    let kept = await keep(entry, ticket, function, claim, context.caller, keeps)
                    if kept == nil, asked != nil { throw AcceptError.noRoom }
                }
                notes.cache = "hit"
                notes.cacheKey = key
                notes.expires = entry.expires
                let left = max(0, Int((entry.expires - now).inSeconds))
                return HeldResult(result: entry.result, maxAge: left, cacheStatus: "edge; hit; ttl=\(left)")
            }
        }
        try await findInputs(of: &ticket, among: pictures, function)
        let job = try await board.accept(
            ticket,
            for: function.name,
            by: context.caller,
            needsFile: claim != nil || webhook != nil,
            waitedUntil: .now() + Self.dialectWait,
            idempotency: claim?.mark,
            webhook: webhook,
            batch: batch,
            onlooker: onlooker
        )
        claim?.settle(job.id)
        notes.job = job.id
        defer { if let onlooker { job.generation.forget(onlooker) } }
        let isFirst = job.generation.jobs.first === job
        let isHit = job.isLate && job.state == .succeeded
        notes.cache = isHit ? "hit" : isFirst ? "miss" : "follow"
        await waitForEnd(of: job, atMost: Self.dialectWait)
        let result = try await result(of: job)
        let lifetime = isKept && !ticket.isFresh ? function.entry.cache?.ttl : nil
        if let lifetime {
            notes.cacheKey = ticket.key
            notes.expires = .now() + lifetime
        }
        let missed = "edge; fwd=miss" + (isKept ? "; stored" : "") + (isFirst ? "" : "; collapsed")
        return HeldResult(
            result: result,
            maxAge: lifetime.map { Int($0.inSeconds) },
            cacheStatus: isHit ? "edge; hit" : missed
        )
    }

    func result(of job: Job) async throws -> JobResult {
        if job.canceledAt != nil {
            throw DialectProblem(problem: JobAnswers.problem(.canceled, of: job), endsJob: true)
        }
        switch job.generation.phase {
        case .done(.success(let result)): return result
        case .done(.failure(let failure)):
            throw DialectProblem(problem: JobAnswers.problem(failure, of: job), endsJob: true)
        case .queued, .running, .waiting:
            // The job goes on, and the same request will find what it makes.
            try await board.writeFile(of: job)
            if isStopping { throw Problem.stopping(retryAfter: 1) }
            throw Problem(
                status: 504,
                code: "still_running",
                message:
                    "No image within \(Self.dialectWait.inMilliseconds / 1000) s; the work goes on: send the same request "
                    + "again later.",
                retryAfter: 60
            )
        }
    }

    func isWhole(_ result: JobResult) async throws -> Bool {
        for image in result.images {
            guard let name = image.name, try await answers.images.open(name) != nil else { return false }
        }
        return !result.images.isEmpty
    }
}
