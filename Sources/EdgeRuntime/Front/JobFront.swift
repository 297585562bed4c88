// A public request to a job function: from its admission to its answer.
internal import Callers
internal import CivilTime
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON

/// Turns a request into a job, or answers it from the cache, and waits with its caller.
@LoopActor
final class JobFront {
    let board: JobBoard
    private let caller: FunctionCaller
    let cache: ResultCache
    let answers: JobAnswers
    let events: JobEvents
    let pictures: RequestPictures
    private let limits: LimitKeeper
    let outbox: WebhookOutbox
    /// Set when the host stops: who still waits is told where to ask later.
    var isStopping = false

    /// The longest wait that a caller can ask for.
    static let waitMax = Duration.seconds(300)
    /// How long a GET waits: an `<img>` cannot do anything with a 202.
    static let waitOfGet = Duration.seconds(120)

    init(
        board: JobBoard,
        caller: FunctionCaller,
        cache: ResultCache,
        answers: JobAnswers,
        events: JobEvents,
        pictures: RequestPictures,
        limits: LimitKeeper,
        outbox: WebhookOutbox
    ) {
        self.limits = limits
        self.board = board
        self.caller = caller
        self.cache = cache
        self.answers = answers
        self.events = events
        self.pictures = pictures
        self.outbox = outbox
    }

    func answer(
        _ context: RequestContext,
        _ function: LiveFunction,
        _ settings: JobSettings,
        _ notes: RequestNotes
    ) async throws -> HTTPResponse {
        let headers = context.request.headers
        guard let choice = AnswerChoice.of(accept: headers.values("Accept"), clientInfo: headers["X-Client-Info"])
        else {
            throw Problem.notAcceptable
        }
        var ticket: Ticket
        // Most requests have nothing of what could be waited for on the way to their admission.
        var taken: TakenRequest
        let bodyBytesMax = function.entry.bodyBytes
        if let now = try pictures.takeNow(context.request, inputs: settings.inputs, bodyBytesMax: bodyBytesMax) {
            taken = now
        } else {
            taken = try await pictures.take(
                context.request,
                base: context.base,
                inputs: settings.inputs,
                bodyBytesMax: bodyBytesMax
            )
        }
        var asked: String?
        if RequestWebhook.mayBe(in: context.request, taken) {
            asked = try await RequestWebhook.take(context.request, from: &taken)
        }
        let webhook = try webhook(asked, of: function, base: context.base)
        notes.body = taken.repeatable
        var claim: IdempotencyClaim?
        if headers.contains("Idempotency-Key") {
            let marked = asked.map { taken.body + Array($0.utf8) } ?? taken.body
            claim = try await self.claim(context, function, target: taken.target, body: marked)
        }
        defer { claim?.letGo() }
        if claim != nil, let known = try await replay(claim, choice, context, function, settings, notes) {
            return known
        }
        switch try await admit(context, taken, function, settings) {
        case .ticket(let admitted): ticket = admitted
        case .refused(let status, let contentType, let retryAfter, let body):
            return Self.refusal(status, contentType, retryAfter, body)
        }
        taken.room?.giveBack()
        if !ticket.isFresh, let cache = function.entry.cache {
            notes.cacheKey = ticket.key
            notes.expires = .now() + cache.ttl
        }
        let keeps = asked == nil ? nil : webhook
        if let hit = try await cached(ticket, function, choice, context, notes, claim, keeps) {
            notes.cache = "hit"
            return hit
        }
        if !ticket.inputs.names.isEmpty { try await findInputs(of: &ticket, among: taken.pictures, function) }
        let preference = Preference(headers.values("Prefer"))
        let isGet = context.request.method != "POST"
        let wait = preference.wait(default: isGet ? Self.waitOfGet : settings.wait, limit: Self.waitMax)
        // The id of a job that is told to nobody needs no file of its own while its caller waits.
        let tellsID = choice == .document || choice == .events || wait == .zero
        let job = try await board.accept(
            ticket,
            for: function.name,
            by: context.caller,
            needsFile: tellsID || claim != nil || webhook != nil,
            waitedUntil: wait > .zero ? .now() + wait : nil,
            idempotency: claim?.mark,
            webhook: webhook
        )
        claim?.settle(job.id)
        notes.job = job.id
        // Equal work had ended and is on its way into the cache: what it made answers like a cached image.
        let takesBytes = choice == .image || choice == .octets
        let isHit = job.isLate && (job.state == .succeeded || takesBytes && job.generation.whole != nil)
        notes.cache = isHit ? "hit" : job.generation.jobs.first === job ? "miss" : "follow"
        if choice == .events, !isHit { return events.stream(of: job, base: context.base) }
        await waitForEnd(of: job, orBytes: takesBytes, atMost: wait)
        if !job.state.isFinal, !(takesBytes && job.generation.whole != nil) {
            try await board.writeFile(of: job)
        }
        return try await respond(
            job,
            choice,
            context,
            function,
            isHit: isHit,
            isFollower: notes.cache == "follow",
            applied: preference.applied(limit: Self.waitMax)
        )
    }

    /// Who is told of the end of a job: whom its request names, else whom its function's settings name.
    func webhook(_ asked: String?, of function: LiveFunction, base: String) throws(Problem) -> Webhook? {
        guard let url = asked ?? function.entry.webhook else { return nil }
        if asked != nil { try outbox.check() }
        return Webhook(url: url, base: base.isEmpty ? outbox.policy.base : base)
    }

    // MARK: Admission

    /// What the function says of a request, held to what its caller may ask for.
    func admit(
        _ context: RequestContext,
        _ taken: TakenRequest,
        _ function: LiveFunction,
        _ settings: JobSettings
    ) async throws -> AdmitAnswer {
        let answer: AdmitAnswer =
            try await settings.admit
            ? asked(context, taken, function) : .ticket(Self.plainTicket(context.request, taken, function.name))
        guard case .ticket(var ticket) = answer else { return answer }
        try limits.allow(&ticket, to: context.caller) {
            let isQuery = context.request.method != "POST"
            let fields = isQuery ? try? QueryInput.object(taken.query) : (try? JSONValue.parse(taken.body))?.object
            return fields ?? [:]
        }
        return .ticket(ticket)
    }

    /// What a function's request means that is not asked for admission.
    private static func plainTicket(
        _ request: HTTPRequest,
        _ taken: TakenRequest,
        _ function: String
    ) throws -> Ticket {
        let hasQuery = request.method == "GET" || request.method == "HEAD"
        let input = hasQuery ? try QueryInput.object(taken.query) : try Self.input(taken.body)
        var ticket = plainTicket(input, function)
        ticket.inputs.names = taken.pictures.map(\.record.sha256)
        return ticket
    }

    private func asked(
        _ context: RequestContext,
        _ taken: TakenRequest,
        _ function: LiveFunction
    ) async throws -> AdmitAnswer {
        let method = context.request.method
        return try await caller.admit(
            function,
            method: method == "HEAD" ? "GET" : method,  // the server leaves the body away
            target: taken.target,
            contentType: taken.contentType,
            body: taken.body,
            caller: context.caller,
            requestID: context.id
        )
    }

    /// Finds the pictures that a ticket names, which keeps them from now on.
    func findInputs(of ticket: inout Ticket, among pictures: [Picture], _ function: LiveFunction) async throws {
        guard !ticket.inputs.names.isEmpty else { return }
        ticket.inputs = try await self.pictures.store.inputs(
            ticket.inputs.names,
            among: pictures,
            function: function.name
        )
    }

    /// With `"admit": false` the JSON body is the input; a GET has the fields of its query instead.
    private static func input(_ body: [UInt8]) throws -> JSONObject {
        let json: JSONValue
        do {
            json = try JSONValue.parse(body)
        } catch {
            throw Problem(status: 400, code: "bad_json", message: "the body is not JSON: \(error)", field: error.key)
        }
        guard let input = json.object else {
            throw Problem(status: 400, code: "bad_json", message: "the body is JSON but no object; send {...}")
        }
        return input
    }

    /// The hash of the input is its key.
    private static func plainTicket(_ input: JSONObject, _ function: String) -> Ticket {
        let text = input.encoded(sortedKeys: true)
        return Ticket(
            input: text,
            key: AdmitAnswer.cacheKey(String(decoding: text, as: UTF8.self), function),
            lanes: LaneSet([Lane(name: function, price: nil)]),
            isFresh: false
        )
    }

    private static func refusal(
        _ status: Int,
        _ contentType: String?,
        _ retryAfter: String?,
        _ body: [UInt8]
    ) -> HTTPResponse {
        var headers: HTTPHeaders = ["Content-Type": contentType ?? "application/json", "Cache-Control": "no-store"]
        if let retryAfter { headers.add("Retry-After", retryAfter) }
        return HTTPResponse(status: status, headers: headers, body: .bytes(body))
    }

    // MARK: Cache

    private func cached(
        _ ticket: Ticket,
        _ function: LiveFunction,
        _ choice: AnswerChoice,
        _ context: RequestContext,
        _ notes: RequestNotes,
        _ claim: IdempotencyClaim?,
        _ webhook: Webhook?
    ) async throws -> HTTPResponse? {
        guard let key = ticket.key, !ticket.isFresh, function.entry.cache != nil else { return nil }
        if board.byKey[key] != nil, await board.hasNewResult(key: key) { return nil }
        let now = Timestamp.now()
        guard let entry = await cache.lookup(key: key, now: now) else { return nil }
        notes.expires = entry.expires
        let left = max(0, Int((entry.expires - now).inSeconds))
        var document = entry.document
        if claim != nil || webhook != nil, try await isWhole(entry.result) {
            let kept = await keep(entry, ticket, function, claim, context.caller, webhook)
            if kept == nil, webhook != nil { throw AcceptError.noRoom }
            document = kept ?? document
        }
        return try await answers.result(entry.result, as: choice, maxAge: left, cacheStatus: "edge; hit; ttl=\(left)") {
            JobDocument.shown(document, base: context.base)
        }
    }

    // MARK: Waiting

    /// - Parameter orBytes: whether an image that is whole will do, although its job has not ended.
    func waitForEnd(of job: Job, orBytes: Bool = false, atMost limit: Duration) async {
        let end = ContinuousClock.now + limit
        if !orBytes { job.generation.endsAwaited += 1 }
        defer { if !orBytes { job.generation.endsAwaited -= 1 } }
        let isOver: @LoopActor () -> Bool = { [self] in
            job.state.isFinal || isStopping || orBytes && job.generation.whole != nil
        }
        while !isOver() {
            let left = end - .now
            guard left > .zero, await job.generation.changes.wait(atMost: left, unless: isOver) else { return }
        }
    }

    func respond(
        _ job: Job,
        _ choice: AnswerChoice,
        _ context: RequestContext,
        _ function: LiveFunction,
        isHit: Bool,
        isFollower: Bool,
        applied: String?
    ) async throws -> HTTPResponse {
        let document = {
            JobDocument.shown(
                JobDocument.stored(job),
                base: context.base,
                place: self.board.place(of: job),
                progress: job.generation.progress
            )
        }
        if job.canceledAt != nil { throw JobAnswers.problem(.canceled, of: job) }
        let ticket = job.generation.ticket
        let isKept = function.entry.cache != nil && ticket.key != nil
        let maxAge = isKept && !ticket.isFresh ? function.entry.cache.map { Int($0.ttl.inSeconds) } : nil
        let missed =
            "edge; fwd=miss" + (isKept ? "; stored" : "") + (isFollower ? "; collapsed" : "")
        let status = isHit ? "edge; hit" : missed
        if choice == .image || choice == .octets, let whole = job.generation.whole,
            let image = whole.result.images.first
        {
            var response = JobAnswers.image(image, whole.body, as: choice, maxAge: maxAge, cacheStatus: status)
            if let applied { response.headers.add("Preference-Applied", applied) }
            return response
        }
        switch job.generation.phase {
        case .done(.failure(let failure)):
            throw JobAnswers.problem(failure, of: job)
        case .done(.success(let result)):
            guard
                var response = try await answers.result(
                    result,
                    as: choice,
                    maxAge: maxAge,
                    cacheStatus: status,
                    document: document
                )
            else {
                throw Problem(
                    status: 503,
                    code: "image_lost",
                    message: "The image was made but its file is damaged. Send the request again.",
                    retryAfter: 1
                )
            }
            if let applied { response.headers.add("Preference-Applied", applied) }
            return response
        case .queued, .running, .waiting:
            return answers.accepted(document(), id: job.id, base: context.base, applied: applied)
        }
    }
}
