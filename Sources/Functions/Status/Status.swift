// Tells how a job is, and how the service is: the public side of the control socket.
internal import EdgeFunction

@main
struct Status: Function {
    private let control: Control

    init() { self.init(control: .shared) }

    init(control: Control) { self.control = control }

    func respond(to request: Request) async throws -> Response {
        let id = String(request.path.dropFirst())
        do {
            return try await id.isEmpty ? service(request) : job(id, request)
        } catch ControlError.badID {
            throw Problem(
                status: 404,
                code: "unknown_job",
                detail:
                    "There is no such job. A status URL ends with a job's id; finished jobs are kept for a time only."
            )
        } catch ControlError.unreachable {
            throw Problem(
                status: 503,
                code: "host_unreachable",
                detail: "The host does not answer just now. Ask again.",
                retryAfter: .seconds(1)
            )
        }
    }

    private func service(_ request: Request) async throws -> Response {
        guard ["GET", "HEAD", "POST"].contains(request.method) else { throw Self.notAllowed("GET, HEAD, POST") }
        return try await control.service(for: request)
    }

    private func job(_ id: String, _ request: Request) async throws -> Response {
        switch request.method {
        case "GET", "HEAD":
            let wantsEvents = request.method == "GET" && request.headers.hasMember("text/event-stream", in: "Accept")
            if wantsEvents { return try await control.events(id, for: request) }
            return try await control.job(id, wait: Self.wait(request.query), for: request)
        case "DELETE":
            return try await control.delete(id, for: request)
        default:
            throw Self.notAllowed("GET, HEAD, DELETE")
        }
    }

    /// `wait=N` in whole seconds; the host holds it to its own limit. Anything else is no wait.
    private static func wait(_ query: String?) -> Duration? {
        for pair in query?.split(separator: "&") ?? [] where pair.hasPrefix("wait=") {
            return Int(pair.dropFirst(5)).flatMap { $0 > 0 ? .seconds(min($0, 3600)) : nil }
        }
        return nil
    }

    private static func notAllowed(_ methods: String) -> Problem {
        var problem = Problem(status: 405, code: "method_not_allowed", detail: "Use one of \(methods).")
        problem.headers["Allow"] = methods
        return problem
    }
}
