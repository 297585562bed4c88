// A request with an Idempotency-Key that has come before: it gets the job of the first one, ended or not.
internal import Callers
internal import CivilTime
internal import Digest
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON

extension JobFront {
    private static let hashedOnLoopMax = 256 << 10

    /// The hold on a POST's key; nil without one.
    /// - Parameters:
    ///   - body: what the function is asked, with a hash where a picture was.
    ///   - part: which image of how many: one request to another API may make several jobs.
    func claim(
        _ context: RequestContext,
        _ function: LiveFunction,
        target: String,
        body: [UInt8],
        part: (index: Int, count: Int) = (0, 1)
    ) async throws -> IdempotencyClaim? {
        guard context.request.method == "POST",
            let key = try IdempotencyKey.of(context.request.headers.values("Idempotency-Key"))
        else { return nil }
        let name = function.name
        // A stranger's address may change between two tries, so it takes no part.
        let scope = context.caller.owner ?? ""
        let pieces = [Array(target.utf8), Array("\(part.count)".utf8), body]
        let mark =
            body.count <= Self.hashedOnLoopMax
            ? IdempotencyMark(key.text, scope: scope, function: name, part: part.index, body: pieces)
            : await Pool.run { IdempotencyMark(key.text, scope: scope, function: name, part: part.index, body: pieces) }
        return try await board.finishing.idempotency.claim(mark)
    }

    /// The answer of the job that a key has led to; nil when its document is gone and the request is a new one.
    func replay(
        _ claim: IdempotencyClaim?,
        _ choice: AnswerChoice,
        _ context: RequestContext,
        _ function: LiveFunction,
        _ settings: JobSettings,
        _ notes: RequestNotes
    ) async throws -> HTTPResponse? {
        guard let claim, let known = claim.known else { return nil }
        notes.job = known.id
        notes.cache = "replay"
        if let job = board.job(known.id) {
            if choice == .events { return events.stream(of: job, base: context.base) }
            let preference = Preference(context.request.headers.values("Prefer"))
            let takesBytes = choice == .image || choice == .octets
            await waitForEnd(
                of: job,
                orBytes: takesBytes,
                atMost: preference.wait(default: settings.wait, limit: Self.waitMax)
            )
            return try await respond(
                job,
                choice,
                context,
                function,
                isHit: false,
                isFollower: true,
                applied: preference.applied(limit: Self.waitMax)
            )
        }
        guard let stored = try await ended(claim, known.id) else { return nil }
        if stored["error"]?.object != nil, choice == .events {
            return events.stream(of: JobDocument.shown(stored, base: context.base))
        }
        let result = try Self.result(of: stored, known.id)
        let response = try await answers.result(result, as: choice, maxAge: nil, cacheStatus: Self.replayed) {
            JobDocument.shown(stored, base: context.base)
        }
        guard let response else { throw lost(claim, known) }
        return response
    }

    /// The same for a caller of another API, who is held until there is a result.
    func heldReplay(_ claim: IdempotencyClaim?, _ notes: RequestNotes) async throws -> HeldResult? {
        guard let claim, let known = claim.known else { return nil }
        notes.job = known.id
        notes.cache = "replay"
        if let job = board.job(known.id) {
            await waitForEnd(of: job, atMost: Self.dialectWait)
            return HeldResult(result: try await result(of: job), maxAge: nil, cacheStatus: "edge; fwd=miss; collapsed")
        }
        guard let stored = try await ended(claim, known.id) else { return nil }
        let result: JobResult
        do {
            result = try Self.result(of: stored, known.id)
        } catch {
            throw DialectProblem(problem: error, endsJob: true)
        }
        guard try await isWhole(result) else { throw lost(claim, known) }
        return HeldResult(result: result, maxAge: nil, cacheStatus: Self.replayed)
    }

    /// Makes a cached result a job of its own, ended at once: the key finds it again, also after a restart, and the webhook that its
    /// request named is told of it.
    /// - Returns: its document; nil when it could not be written, and the key is not kept.
    func keep(
        _ entry: CacheEntry,
        _ ticket: Ticket,
        _ function: LiveFunction,
        _ claim: IdempotencyClaim?,
        _ caller: Caller,
        _ webhook: Webhook? = nil
    ) async -> JSONObject? {
        guard board.files.state.hasRoom else { return nil }
        let now = Timestamp.now()
        let id = UUIDText.version7()
        var result = entry.result
        if result.facts["cost"] != nil { result.facts["cost"] = 0 }  // this one has cost nothing
        var document = entry.document
        document["id"] = .string(id)
        document["function"] = .string(function.name)
        document["caller"] = caller.json
        for moment in ["created", "started", "finished", "deadline"] { document[moment] = .string(now.iso8601) }
        document["key"] = ticket.key.map { .string($0) } ?? .null
        document["input"] = (try? JSONValue.parse(ticket.input)) ?? .null
        document["attempts"] = .array([])
        document["idempotency"] = claim?.mark.json
        document["webhook"] = webhook?.json
        JobDocument.add(result, to: &document)
        board.finishing.adopt(document, id: id)
        do {
            let text = document.encoded()
            try await board.files.finish(id: id, document: text, day: now.day)
            board.finishing.keep(document, id: id, bytes: text.count)
        } catch {
            board.finishing.expired(document, id: id)
            board.log("job \(id): \(error)")
            return nil
        }
        claim?.settle(id)
        if webhook != nil { board.finishing.onEnded(document) }
        return document
    }

    // MARK: Ended jobs

    private static let replayed = "edge; hit; detail=idempotency-key"

    /// The document of an ended job; nil when it is gone and the key is free.
    private func ended(_ claim: IdempotencyClaim, _ id: String) async throws -> JSONObject? {
        if let text = await board.files.readDone(id: id), let stored = (try? JSONValue.parse(text))?.object,
            stored[JobDocument.imagesRemoved] == nil
        {
            return stored
        }
        guard claim.takeOver() else { throw Problem.idempotencyKeyBusy }
        return nil
    }

    private static func result(of stored: JSONObject, _ id: String) throws(Problem) -> JobResult {
        if let result = JobDocument.result(in: stored) { return result }
        let failure = stored["error"].flatMap { JobFailure($0) } ?? .canceled
        var problem = Problem(status: failure.status, document: failure.details, retryAfter: failure.retryAfter)
        problem.code = failure.code
        problem.message = failure.message
        problem.more["job"] = .string(id)
        throw problem
    }

    /// An image that is gone frees the key: the same request makes it anew.
    private func lost(_ claim: IdempotencyClaim, _ job: JobKey) -> Problem {
        board.finishing.idempotency.forget(claim.mark, of: job)
        return Problem(
            status: 503,
            code: "image_lost",
            message: "The image was made but its file is damaged. Send the request again.",
            retryAfter: 1
        )
    }
}
