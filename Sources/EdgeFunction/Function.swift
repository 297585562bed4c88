// The small way to write a function: a request in, a response out.

/// A function that answers requests itself.
///
///     @main struct Hello: Function {
///         func respond(to request: Request) async throws -> Response { .text("hello") }
///     }
@LoopActor
public protocol Function {
    /// Made once, before the first request. An error in it ends the process with a line on stderr.
    init() throws

    /// The answer to one request. A thrown ``Problem`` is answered as it is; any other error becomes a 500 without its text, which
    /// goes to stderr. The task is cancelled when nobody waits for the answer any more.
    func respond(to request: Request) async throws -> Response
}

extension Function {
    /// Serves until SIGTERM: with `@main` on the type, the program's beginning.
    public nonisolated static func main() {
        FunctionProgram.run { FunctionHandler(try Self()) }
    }
}

/// Serves a ``Function``.
@LoopActor
final class FunctionHandler<Served: Function>: HTTPHandler {
    private let function: Served

    init(_ function: Served) { self.function = function }

    func bodyLimit(method: String, path: String) -> Int { FunctionProgram.bodyBytesMax }

    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        do {
            return try await function.respond(to: request)
        } catch {
            return EdgeFunction.answer(to: error, of: request)
        }
    }
}

/// What the error of a request means for whoever asked.
@LoopActor
func answer(to error: any Error, of request: HTTPRequest) -> HTTPResponse {
    answer(
        to: error,
        of: "\(request.method) \(request.path)",
        requestID: request.headers["Edge-Request-Id"]
    )
}

/// - Parameter line: method and path, for the log.
@LoopActor
func answer(to error: any Error, of line: String, requestID id: String?) -> HTTPResponse {
    switch error {
    case let problem as Problem: return problem.response(requestID: id)
    case HTTPBodyError.tooLarge(let limit):
        let problem = Problem(status: 413, code: "body_too_large", detail: "The body is larger than \(limit) bytes.")
        return problem.response(requestID: id)
    default:
        if !Task.isCancelled { FunctionProgram.log("\(id.map { "\($0) " } ?? "")\(line) failed: \(error)") }
        return Problem.internalFailure.response(requestID: id)
    }
}
