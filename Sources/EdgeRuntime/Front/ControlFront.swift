// The control socket of one isolate (isolate-protocol.md).
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON

/// Answers what a function asks its host. Who connects to an isolate's socket is that isolate.
@LoopActor
final class ControlFront: HTTPHandler {
    private let function: String
    private let jobs: JobAccess
    private let grants: @LoopActor () -> Set<FunctionEntry.Grant>
    private let service: @LoopActor () async -> JSONObject
    private let log: LogWriter

    private static let bodyBytesMax = 64 << 10

    init(
        function: String,
        jobs: JobAccess,
        grants: @escaping @LoopActor () -> Set<FunctionEntry.Grant>,
        service: @escaping @LoopActor () async -> JSONObject,
        log: LogWriter
    ) {
        self.function = function
        self.jobs = jobs
        self.grants = grants
        self.service = service
        self.log = log
    }

    func bodyLimit(method: String, path: String) -> Int { Self.bodyBytesMax }

    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        let id = request.headers["Edge-Request-Id"]
        do {
            return try await respond(request)
        } catch {
            let (problem, isFault) = Problem.told(error, function: function)
            if isFault { log.write(.error, "\(error)", function: function, requestID: id) }
            return problem.response(requestID: id ?? "")
        }
    }

    private func respond(_ request: HTTPRequest) async throws -> HTTPResponse {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        let base = request.headers["Edge-Base-URL"] ?? ""
        switch (
            request.method, parts.count, parts.first, parts.count > 1 ? parts[1] : "", parts.count > 3 ? parts[3] : ""
        ) {
        case ("GET", 2, "v1", "service", _):
            try needs(.jobs)
            return HTTPResponse(
                headers: ["Content-Type": "application/json", "Cache-Control": "no-store"],
                body: .bytes(await service().encoded())
            )
        case ("GET", 3, "v1", "jobs", _):
            try needs(.jobs)
            return try await jobs.document(parts[2], wait: Self.wait(request.query), base: base)
        case ("GET", 4, "v1", "jobs", "events"):
            try needs(.jobs)
            return try await jobs.events(parts[2], base: base)
        case ("DELETE", 3, "v1", "jobs", _):
            try needs(.jobs)
            return try await jobs.delete(parts[2], base: base)
        case ("PUT", 4, "v1", "jobs", "progress"):
            try setProgress(parts[2], try await body(request))
            return HTTPResponse(status: 204)
        case ("PUT", 4, "v1", "jobs", "state"):
            try await setState(parts[2], try await body(request))
            return HTTPResponse(status: 204)
        default:
            throw Problem(
                status: 404,
                code: "not_found",
                message: "the control socket has no \(request.method) \(request.path)"
            )
        }
    }

    private func needs(_ grant: FunctionEntry.Grant) throws(Problem) {
        guard grants().contains(grant) else {
            throw Problem(
                status: 403,
                code: "not_granted",
                message:
                    "the function \(function) may not do this; add \"\(grant.rawValue)\" to its grants in functions.json"
            )
        }
    }

    private func body(_ request: HTTPRequest) async throws -> JSONValue {
        do {
            return try JSONValue.parse(try await request.body.collect(upTo: Self.bodyBytesMax))
        } catch let error as JSONError {
            throw Problem(status: 400, code: "bad_json", message: "the body is not JSON: \(error)")
        }
    }

    private func running(_ id: String) throws(Problem) -> Generation {
        guard let generation = jobs.board.running(id, by: function) else {
            throw Problem(
                status: 404,
                code: "not_running",
                message: "the function \(function) runs no job \(id.prefix(64))"
            )
        }
        return generation
    }

    private func setProgress(_ id: String, _ body: JSONValue) throws {
        let generation = try running(id)
        guard let fraction = body["fraction"]?.double, (0...1).contains(fraction) else {
            throw Problem(
                status: 400,
                code: "bad_progress",
                message: "\"fraction\" is missing or not from 0 to 1",
                field: "fraction"
            )
        }
        jobs.board.setProgress(
            Progress(fraction: fraction, note: body["note"]?.string.map { String($0.prefix(200)) }),
            of: generation
        )
    }

    private func setState(_ id: String, _ body: JSONValue) async throws {
        let generation = try running(id)
        let state = body.encoded()
        guard state.count <= RunReading.stateBytesMax else {
            throw Problem(
                status: 413,
                code: "state_too_large",
                message: "the state has \(state.count) bytes; at most \(RunReading.stateBytesMax) are kept"
            )
        }
        try await jobs.board.setState(state, of: generation)
    }

    /// `?wait=N` in whole seconds; anything else is no wait.
    private static func wait(_ query: String?) -> Duration? {
        guard let query else { return nil }
        for pair in query.split(separator: "&") where pair.hasPrefix("wait=") {
            guard let seconds = Int(pair.dropFirst("wait=".count)), seconds > 0 else { return nil }
            return min(.seconds(min(seconds, 1_000_000)), JobFront.waitMax)
        }
        return nil
    }
}
