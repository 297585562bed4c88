// Every public request: who answers it, and what every answer has.
internal import Callers
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON
internal import Limits

/// The host's front. Each request gets an id, CORS headers, a log line and a place in the metrics, whoever answers it.
@LoopActor
final class HostHandler: HTTPHandler {
    /// What changes when the host reloads.
    struct Policy {
        var cors: Cors
        var base: BaseURL
        var plain: PlainFront
    }

    private let functions: Functions
    private let jobs: JobFront
    private let dialects: DialectFront
    private let images: ImageFront
    private let callers: CallerFront
    private let limits: LimitKeeper
    private let tokens: TokenFront
    private let memo: RecallFront
    private let metrics: HostMetrics
    private let log: LogWriter
    private let isReady: @LoopActor () -> Bool
    private var ids = RequestIDs()
    var policy: Policy

    init(
        functions: Functions,
        jobs: JobFront,
        dialects: DialectFront,
        images: ImageFront,
        callers: CallerFront,
        limits: LimitKeeper,
        tokens: TokenFront,
        recall: RecallFront,
        metrics: HostMetrics,
        log: LogWriter,
        policy: Policy,
        isReady: @escaping @LoopActor () -> Bool
    ) {
        self.functions = functions
        self.jobs = jobs
        self.dialects = dialects
        self.images = images
        self.callers = callers
        self.limits = limits
        self.tokens = tokens
        memo = recall
        self.metrics = metrics
        self.log = log
        self.policy = policy
        self.isReady = isReady
    }

    // MARK: HTTPHandler

    func bodyLimit(method: String, path: String) -> Int {
        let function: LiveFunction? =
            switch functions.router.route(method: method, path: path) {
            case .function(let name, _): functions[name]
            case .dialect(let match): functions[match.function]
            default: nil
            }
        return function?.entry.bodyBytes ?? FunctionEntry.standardBodyBytes
    }

    func recall(_ view: borrowing HTTPRequestView) -> HTTPCannedResponse? {
        guard let hit = memo.lookup(view) else { return nil }
        metrics.requests.count(function: hit.function, status: 200, bytes: hit.bytes, duration: .zero)
        log.write(RecallLine(hit.line, id: ids.next()))
        return hit.response
    }

    /// A call to a plain function that runs needs no task.
    func take(_ request: HTTPRequest, _ reply: HTTPReply) -> Bool {
        guard case .function(let name, let path) = functions.router.route(method: request.method, path: request.path),
            let function = functions[name], function.entry.job == nil, function.isolates.isReady,
            isPlain(request), let caller = try? known(request, function), mayAsk(caller, name)
        else { return false }
        var context = context(of: request)
        context.caller = caller
        let notes = RequestNotes()
        notes.function = name
        notes.caller = caller
        let call = policy.plain.begin(context, function, path: path) { [self] outcome in
            switch outcome {
            case .answered(let response): reply.send(completed(response, context, notes))
            case .goesOn(let rest):
                reply.send { [self] in
                    do {
                        return completed(try await rest(), context, notes)
                    } catch {
                        return completed(told(error, context, notes), context, notes)
                    }
                }
            }
        }
        reply.onDeparture { call.cancel() }
        return true
    }

    /// Whether no limit of requests is in the way. A refused request uses nothing up, so it may be asked about again.
    private func mayAsk(_ caller: Caller, _ function: String) -> Bool {
        do { try limits.takeRequest(by: caller, function) } catch { return false }
        return true
    }

    private func known(_ request: HTTPRequest, _ function: LiveFunction) throws(Problem) -> Caller {
        limits.judged(try callers.identify(request, for: function.entry))
    }

    /// Whether neither a preflight nor a refusal of its page is what it gets.
    private func isPlain(_ request: HTTPRequest) -> Bool {
        guard let origin = request.headers["Origin"] else { return true }
        return request.method != "OPTIONS" && policy.cors.allows(origin)
    }

    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        let context = context(of: request)
        let notes = RequestNotes()
        let generation = memo.generation
        var response: HTTPResponse
        do {
            response = try await route(context, notes)
        } catch {
            response = told(error, context, notes)
        }
        complete(&response, context)
        let remembered = response
        tellLimits(&response, notes)
        switch response.body {
        case .empty, .bytes, .file:
            let (status, bytes) = (response.status, Self.bytesAtHand(response.body))
            response.afterwards = { [self] in
                note(context, notes, status: status, bytes: bytes)
                memo.remember(remembered, for: context, notes, since: generation)
            }
            return response
        case .stream, .reader: return logged(response, context, notes)
        }
    }

    /// Says with an answer of a job function how its caller's limits stand. Not before it is remembered: they change.
    private func tellLimits(_ response: inout HTTPResponse, _ notes: RequestNotes) {
        guard response.status < 300, let caller = notes.caller, let name = notes.function,
            functions[name]?.entry.job != nil, let fields = limits.fields(of: caller, name)
        else { return }
        for (name, value) in fields.headers { response.headers[name] = value }
    }

    func refuse(_ refusal: HTTPRefusal, to request: HTTPRequest?) -> HTTPResponse {
        let request = request ?? HTTPRequest(method: "-", target: "-", body: HTTPBodyReader())
        let context = RequestContext(id: ids.make(), request: request, started: .now, base: "")
        let problem = Problem(refusal)
        metrics.count(problem)
        return completed(told(problem, context), context, RequestNotes())
    }

    private func context(of request: HTTPRequest) -> RequestContext {
        RequestContext(id: ids.make(), request: request, started: .now, base: base(of: request))
    }

    // MARK: Answering

    /// What an error tells the caller.
    private func told(_ error: any Error, _ context: RequestContext, _ notes: RequestNotes) -> HTTPResponse {
        let (problem, isFault) = Problem.told(error, function: notes.function ?? "")
        if isFault { log.write(.error, "\(error)", requestID: context.id) }
        let endsJob = (error as? DialectProblem)?.endsJob ?? false
        if !endsJob { metrics.count(problem) }  // a job that fails was not refused
        return told(problem, context, endsJob: endsJob)
    }

    /// A problem in the shape that the clients of this path read.
    private func told(_ problem: Problem, _ context: RequestContext, endsJob: Bool = false) -> HTTPResponse {
        let request = context.request
        guard let dialect = functions.router.dialect(of: request.path, method: request.method) else {
            return problem.response(requestID: context.id)
        }
        return dialect.response(problem, endsJob: endsJob, requestID: context.id)
    }

    private func route(_ context: RequestContext, _ notes: RequestNotes) async throws -> HTTPResponse {
        let request = context.request
        if let origin = context.origin {
            if Cors.isPreflight(
                method: request.method,
                origin: origin,
                requestedMethod: request.headers["Access-Control-Request-Method"]
            ) {
                return try preflight(origin, request)
            }
            guard policy.cors.allows(origin) else { throw Problem.originRefused(origin) }
        }
        switch functions.router.route(method: request.method, path: request.path) {
        case .function(let name, let path):
            guard let function = functions[name] else {
                throw Problem.unknownFunction(name, known: functions.router.functionNames)
            }
            notes.function = name
            // Only what would be refused may have to wait, for the newer key of a token.
            let quick = try? callers.identify(request, for: function.entry)
            let caller = if let quick { quick } else { try await callers.known(request, for: function.entry) }
            let context = try asked(context, by: caller, of: function, notes)
            guard let settings = function.entry.job else {
                return try await policy.plain.answer(context, function, path: path)
            }
            guard path == "/" else { throw Problem.notFound }
            return try await jobs.answer(context, function, settings, notes).selected(for: request)
        case .dialect(let match):
            guard let function = functions[match.function] else { throw Problem.notFound }
            notes.function = function.name
            let caller = try await callers.known(request, for: function.entry)
            return try await dialects.answer(
                match,
                try asked(context, by: caller, of: function, notes),
                function,
                notes
            )
        case .image(let sha256, let suffix):
            return try await images.answer(sha256: sha256, suffix: suffix).selected(for: request)
        case .health:
            return .text("ok\n")
        case .ready:
            guard isReady() else { throw Problem.stopping(retryAfter: 1) }
            return .text("ready\n")
        case .metrics:
            return try metrics.answer(to: request, isOperator: callers.isOperator(request))
        case .tokens(let provider):
            let caller = limits.judged(try await callers.known(request, for: nil))
            notes.caller = caller
            try limits.takeRequest(by: caller, TokenFront.name)
            return try await tokens.answer(request, owner: caller.owner, provider: provider)
        case .options(let allow):
            return HTTPResponse(status: 204, headers: ["Allow": allow.joined(separator: ", ")])
        case .methodNotAllowed(let allow):
            throw Problem.methodNotAllowed(request.method, allow: allow)
        case .unknownFunction(let name):
            throw Problem.unknownFunction(name, known: functions.router.functionNames)
        case .notFound:
            throw Problem.notFound
        }
    }

    /// The context of a request whose caller may ask this function.
    private func asked(
        _ context: RequestContext,
        by caller: Caller,
        of function: LiveFunction,
        _ notes: RequestNotes
    ) throws(Problem) -> RequestContext {
        var context = context
        context.caller = limits.judged(caller)
        notes.caller = context.caller
        try limits.takeRequest(by: context.caller, function.name)
        return context
    }

    private func preflight(_ origin: String, _ request: HTTPRequest) throws -> HTTPResponse {
        guard
            let headers = policy.cors.preflight(
                origin: origin,
                requestedHeaders: request.headers["Access-Control-Request-Headers"]
            )
        else {
            throw Problem.originRefused(origin)
        }
        var response = HTTPResponse(status: 204)
        for (name, value) in headers { response.headers.add(name, value) }
        return response
    }

    private func base(of request: HTTPRequest) -> String {
        var origin = BaseURL.Origin(host: request.headers["Host"])
        if !policy.base.trustedProxies.isEmpty {
            origin.peer = request.peer.ipText
            origin.forwardedProto = request.headers["X-Forwarded-Proto"]
            origin.forwardedHost = request.headers["X-Forwarded-Host"]
        }
        return policy.base.text(for: origin)
    }

    // MARK: What every answer has

    /// Room for what is added to a head, so that it is moved once.
    private static let addedBytes = 512

    private func completed(
        _ response: HTTPResponse,
        _ context: RequestContext,
        _ notes: RequestNotes
    ) -> HTTPResponse {
        var response = response
        complete(&response, context)
        return logged(response, context, notes)
    }

    private func complete(_ response: inout HTTPResponse, _ context: RequestContext) {
        response.headers.reserve(lines: 4, bytes: Self.addedBytes)
        response.headers["X-Request-Id"] = context.id
        guard !response.headers.contains("Access-Control-Allow-Methods") else { return }  // a preflight has its own
        for (name, value) in policy.cors.headers(origin: context.origin) {
            if name == "Vary", let vary = response.headers["Vary"] {
                response.headers["Vary"] = "\(vary), \(value)"
            } else {
                response.headers[name] = value
            }
        }
    }

    /// Writes the log line: now, or for a stream when it ends.
    private func logged(_ response: HTTPResponse, _ context: RequestContext, _ notes: RequestNotes) -> HTTPResponse {
        var response = response
        let status = response.status
        switch response.body {
        case .stream(let length, let write):
            response.body = .stream(length: length) { [self] writer in
                defer { note(context, notes, status: status, bytes: writer.bytesWritten) }
                try await write(writer)
            }
        case .reader, .bytes, .file, .empty:
            note(context, notes, status: status, bytes: Self.bytesAtHand(response.body))
        }
        return response
    }

    /// As far as they are known before they are sent.
    private static func bytesAtHand(_ body: HTTPResponse.Body) -> Int {
        switch body {
        case .stream(let length, _), .reader(_, let length): length ?? 0
        case .bytes(let bytes): bytes.count
        case .file(let region): region.count
        case .empty: 0
        }
    }

    private func note(_ context: RequestContext, _ notes: RequestNotes, status: Int, bytes: Int) {
        write(
            LogLine(
                requestID: context.id,
                method: context.request.method,
                target: context.request.target,
                status: status,
                bytes: bytes,
                duration: .now - context.started,
                function: notes.function,
                cache: notes.cache,
                job: notes.job,
                caller: notes.caller?.logged,
                error: notes.lateProblem.map { LogLine.Failure(status: $0.status, code: $0.code) }
            )
        )
    }

    private func write(_ line: LogLine) {
        metrics.requests.count(line)
        log.write(line)
    }
}

extension Problem {
    /// The whole answer, less what every answer gets.
    @LoopActor
    func response(requestID: String) -> HTTPResponse {
        var response = HTTPResponse(status: status, body: .bytes(body(requestID: requestID)))
        for (name, value) in headers { response.headers.add(name, value) }
        return response
    }

    /// What a caller is told of an error, and whether it is the host's own fault, whose reason its log must have.
    @LoopActor
    static func told(_ error: any Error, function: String) -> (problem: Problem, isFault: Bool) {
        switch error {
        case let problem as Problem: (problem, false)
        case let error as DialectProblem: (error.problem, false)
        case let error as AcceptError: (JobAnswers.problem(error, function: function), false)
        case let error as IsolateError: (JobAnswers.problem(error), false)
        case StateError.unknown(let id): (.unknownJob(id), false)
        case is StateError: (JobAnswers.problem(.noRoom, function: function), true)
        case HTTPBodyError.tooLarge(let limit): (.bodyTooLarge(limit: limit), false)
        case let error as HTTPBodyError:
            (Problem(status: 400, code: "bad_body", message: "the request's body could not be read: \(error)"), false)
        case is CancellationError:
            // Nobody reads this; it is what the log line shows.
            (Problem(status: 499, code: "client_closed_request", message: "the client left"), false)
        default: (.internalFault, true)
        }
    }

    /// What the server itself refused.
    init(_ refusal: HTTPRefusal) {
        let code =
            switch refusal.status {
            case 408: "request_timeout"
            case 413: "body_too_large"
            case 414: "target_too_long"
            case 431: "headers_too_large"
            case 501: "not_implemented"
            case 503: "too_many_connections"
            case 505: "http_version"
            default: "bad_request"
            }
        self.init(
            status: refusal.status,
            code: code,
            message: refusal.reason,
            retryAfter: refusal.status == 503 ? 1 : nil
        )
    }
}
