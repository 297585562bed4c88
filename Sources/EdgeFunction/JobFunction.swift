// The way to write a function whose work is slow: the host keeps the job, the function does one attempt at a time.

/// A function whose requests become jobs. Durability, retries, limits and the cache are the host's work.
@LoopActor
public protocol JobFunction {
    /// Made once, before the first request. An error in it ends the process with a line on stderr.
    init() throws

    /// Checks a request and says what it means. Answer within 2 seconds; nothing is paid for here.
    ///
    /// Without one of your own, the input is the JSON body, and nothing is cached.
    /// - Parameter request: as the caller made it; the path is below the function's own.
    /// - Throws: ``Problem`` with a 4xx, which the caller gets as it is.
    func admit(_ request: Request) async throws -> Ticket

    /// Makes one attempt. The task is cancelled when nobody wants the result any more.
    func run(_ job: Job) async throws -> Outcome

    /// Nobody wants a job any more that waits with this state: tell the provider. Without one of your own: nothing.
    /// - Parameter lane: the one that the state is of; nil where the ticket had none.
    func cancel(job: String, lane: String?, state: JSONValue?) async throws

    /// The same for a job on a caller's own token, where there is one. Without one of your own: the other one where there is none, else
    /// nothing.
    func cancel(job: String, lane: String?, state: JSONValue?, token: CallerToken?) async throws

    /// Makes the cheapest call that proves that a provider can be used, and says what is known: "the key works; balance 12.34 USD".
    /// Without one of your own: there is nothing to check.
    /// - Throws: ``Problem`` that says in words what is wrong.
    func check(_ provider: String) async throws -> String

    /// The same with a token that a caller has brought, which is kept when this returns. Without one of your own: the other one where there
    /// is none, else a refusal.
    func check(_ provider: String, token: CallerToken?) async throws -> String

    /// What the service document shows of this function, such as which providers can be used now. Without one of your own: nothing.
    func describe() async throws -> JSONObject
}

extension JobFunction {
    public func admit(_ request: Request) async throws -> Ticket {
        let bytes = try await request.body.collect(upTo: 16 << 20)
        guard let input = (try? JSONValue.parse(bytes))?.object else {
            throw Problem(status: 400, code: "bad_json", detail: "The body is not a JSON object.")
        }
        return Ticket(input: input)
    }

    public func cancel(job: String, lane: String?, state: JSONValue?) async throws {}

    public func check(_ provider: String) async throws -> String {
        throw Problem(status: 404, code: "unknown_provider", detail: "This function has no providers to check.")
    }

    public func cancel(job: String, lane: String?, state: JSONValue?, token: CallerToken?) async throws {
        if token == nil { try await cancel(job: job, lane: lane, state: state) }
    }

    public func check(_ provider: String, token: CallerToken?) async throws -> String {
        if token == nil { return try await check(provider) }
        throw Problem(status: 501, code: "no_own_tokens", detail: "This function takes no tokens of its callers.")
    }

    public func describe() async throws -> JSONObject { [:] }

    /// Serves until SIGTERM: with `@main` on the type, the program's beginning.
    public nonisolated static func main() {
        FunctionProgram.run { JobFunctionHandler(try Self(), control: .shared) }
    }
}

/// Serves a ``JobFunction``: the calls of isolate-protocol.md, `/_edge/describe` and `/_edge/check`.
@LoopActor
final class JobFunctionHandler<Served: JobFunction>: HTTPHandler {
    private let function: Served
    private let prompt: (any PromptAdmission)?
    private let control: Control

    /// The largest body of a cancel call: a job's id and its state.
    private static var cancelBytesMax: Int { 64 << 10 }
    /// The largest body of a check call: a provider's name.
    private static var checkBytesMax: Int { 4 << 10 }

    init(_ function: Served, control: Control) {
        self.function = function
        prompt = function as? any PromptAdmission
        self.control = control
    }

    func bodyLimit(method: String, path: String) -> Int { FunctionProgram.bodyBytesMax }

    func recall(_ view: borrowing HTTPRequestView) -> HTTPCannedResponse? {
        guard let prompt, view.asksForAdmission else { return nil }
        do {
            let ticket = try prompt.admit(AskedRequest(view))
            return HTTPCannedResponse(headers: Response.jsonHeaders, body: ticket.document.encoded())
        } catch {
            let id = view.text("edge-request-id")
            let response = EdgeFunction.answer(to: error, of: "POST /_edge/admit", requestID: id)
            guard case .bytes(let body) = response.body else { return nil }
            return HTTPCannedResponse(status: response.status, headers: response.headers, body: body)
        }
    }

    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        do {
            return try await respond(to: request)
        } catch {
            return EdgeFunction.answer(to: error, of: request)
        }
    }

    private func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        switch (request.method, request.path) {
        case ("POST", "/_edge/admit"):
            return .json(try await function.admit(Self.asked(request)).document)
        case ("POST", "/_edge/run"):
            let job = try await Job(request, control: control)
            defer { control.forget(job.run) }
            return try await function.run(job).response(requestID: request.headers["Edge-Request-Id"])
        case ("POST", "/_edge/cancel"):
            let body = try? JSONValue.parse(try await request.body.collect(upTo: Self.cancelBytesMax))
            let state = body?["state"].flatMap { $0.isNull ? nil : $0 }
            try await function.cancel(
                job: body?["job"]?.string ?? "",
                lane: body?["lane"]?.string,
                state: state,
                token: CallerToken(request)
            )
            return Response(status: 204)
        case ("POST", "/_edge/check"):
            let body = try? JSONValue.parse(try await request.body.collect(upTo: Self.checkBytesMax))
            guard let provider = body?["provider"]?.string else {
                throw Problem(status: 400, code: "bad_check", detail: "check needs a JSON object with \"provider\"")
            }
            return .json(["text": .string(try await function.check(provider, token: CallerToken(request)))])
        case ("POST", "/_edge/describe"):
            return .json(.object(try await function.describe()))
        default:
            throw Problem(
                status: 404,
                code: "not_found",
                detail: "This function makes jobs; it has no \(request.method) \(request.path)."
            )
        }
    }

    /// The caller's own request, out of the host's.
    private static func asked(_ request: Request) -> Request {
        var asked = request
        asked.method = request.headers["Edge-Method"] ?? "POST"
        asked.target = request.headers["Edge-Target"] ?? "/"
        asked.headers.remove("Edge-Method")
        asked.headers.remove("Edge-Target")
        return asked
    }
}
