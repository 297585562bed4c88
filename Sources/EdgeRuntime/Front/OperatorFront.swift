// What the operator asks a running host, on a socket in the state folder that only its owner can open.
internal import CivilTime
internal import EdgeHTTP
internal import EdgeLoop
internal import Glibc
internal import JSON
internal import Ledger

/// Answers `edge providers`, `edge jobs` and the like.
@LoopActor
final class OperatorFront: HTTPHandler {
    private let functions: Functions
    private let caller: FunctionCaller
    private let details: FunctionDetails
    private let lanes: Lanes
    private let jobs: OperatorJobs
    private let ledger: LedgerDesk
    private let url: String
    /// Answers what clients may ask: the operator's own requests come by this socket and are held to no limit.
    weak var clients: (any HTTPHandler)?

    /// - Parameter url: where the host listens.
    init(
        functions: Functions,
        caller: FunctionCaller,
        details: FunctionDetails,
        lanes: Lanes,
        jobs: OperatorJobs,
        ledger: LedgerDesk,
        url: String
    ) {
        self.functions = functions
        self.caller = caller
        self.details = details
        self.lanes = lanes
        self.jobs = jobs
        self.ledger = ledger
        self.url = url
    }

    func bodyLimit(method: String, path: String) -> Int {
        Self.isForClients(path) ? clients?.bodyLimit(method: method, path: path) ?? 0 : 64 << 10
    }

    private static func isForClients(_ path: String) -> Bool {
        path.hasPrefix("/functions/v1/") || path.hasPrefix("/images/")
    }

    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        if Self.isForClients(request.path), let clients { return await clients.answer(request) }
        do {
            return try await respond(request)
        } catch {
            return Problem.told(error, function: "").problem.response(requestID: "")
        }
    }

    private func respond(_ request: HTTPRequest) async throws -> HTTPResponse {
        let parts = request.path.split(separator: "/").map(String.init)
        switch (request.method, parts.count, parts.first, parts.dropFirst().first) {
        case ("GET", 2, "v1", "providers"):
            return Self.json(await providers())
        case ("POST", 4, "v1", "providers") where parts[3] == "check":
            return try await check(parts[2])
        case ("GET", 2, "v1", "host"):
            return Self.json(["url": .string(url)])
        case ("GET", 2, "v1", "jobs"):
            return Self.json(try await jobs.list(JobFilter(request.query, now: .now())))
        case ("POST", 3, "v1", "jobs") where parts[2] == "purge":
            return Self.json(try await jobs.purge(JobFilter(request.query, now: .now())))
        case ("GET", 3, "v1", "jobs"):
            return Self.json(try await jobs.show(parts[2]))
        case ("POST", 4, "v1", "jobs") where parts[3] == "retry":
            return Self.json(try await jobs.retry(parts[2]))
        case ("POST", 4, "v1", "jobs") where parts[3] == "cancel":
            return Self.json(try await jobs.cancel(parts[2]))
        case ("GET", 2, "v1", "spend"):
            return Self.json(ledger.document(now: .now()))
        case ("POST", 3, "v1", "spend") where parts[2] == "stop":
            try await ledger.stop()
            return Self.json(ledger.document(now: .now()))
        case ("POST", 3, "v1", "spend") where parts[2] == "resume":
            let resumption = try await ledger.resume()
            var document = ledger.document(now: .now())
            document["resumed"] = .string(resumption.rawValue)
            return Self.json(document)
        case ("GET", 2, "v1", "usage"):
            return Self.json(try await usage(request.query))
        default:
            throw Problem(
                status: 404,
                code: "not_found",
                message: "the operator's socket has no \(request.method) \(request.path)"
            )
        }
    }

    private func usage(_ query: String?) async throws -> JSONObject {
        let fields = try QueryInput.object(query)
        guard let grouping = fields["by"]?.string.flatMap({ UsageGrouping(rawValue: $0) }) else {
            throw Problem(status: 400, code: "bad_filter", message: "\"by\" is missing or not known")
        }
        let since = fields["since"]?.string.flatMap { Int64($0) }.map { Timestamp(milliseconds: $0) }
        return try await ledger.usage(by: grouping, since: since)
    }

    /// Each provider that a function told of, with its lanes; where no job has used it since the start, as what it told stands.
    private func providers() async -> JSONObject {
        let told = await details.current()
        let now = Timestamp.now()
        let used = Set(lanes.known.values.map(\.provider))
        var unused: [JSONValue] = []
        var providers: JSONObject = [:]
        for function in functions.all {
            for provider in told[function.name]?["providers"]?.object?.members ?? [] {
                var entry = provider.value.object ?? [:]
                entry["function"] = .string(function.name)
                if !used.contains(provider.key), let lane = Self.lane(provider.key, entry) {
                    unused.append(.object(lanes.entry(of: lane, now: now)))
                }
                providers[provider.key] = .object(entry)
            }
        }
        return [
            "providers": .object(providers), "lanes": .array((lanes.document(now: now).array ?? []) + unused),
        ]
    }

    /// The usual lane of a provider; nil where its function tells no account, or something that is none.
    private static func lane(_ provider: String, _ told: JSONObject) -> Lane? {
        guard told["account"]?.string != nil else { return nil }
        var lane = told
        lane["name"] = .string(provider)
        return try? Lane(.object(lane))
    }

    /// Has the function that knows this provider make its cheapest call.
    private func check(_ provider: String) async throws -> HTTPResponse {
        let told = await details.current()
        var known: [String] = []
        for function in functions.all {
            let names = told[function.name]?["providers"]?.object?.keys ?? []
            if names.contains(provider) { return try await caller.check(function, provider: provider) }
            known += names
        }
        throw Problem(
            status: 404,
            code: "unknown_provider",
            message: "no function knows a provider \"\(provider)\"; known are \(known.sorted().joined(separator: ", "))"
        )
    }

    private static func json(_ object: JSONObject) -> HTTPResponse {
        HTTPResponse(
            headers: ["Content-Type": "application/json", "Cache-Control": "no-store"],
            body: .bytes(object.encoded())
        )
    }
}
