// A function's line to its host: EDGE_CONTROL.

/// The control socket did not do what it was asked.
public enum ControlError: Error, Equatable, Sendable, CustomStringConvertible {
    /// EDGE_CONTROL is not set: the function was not started by a host.
    case none
    /// No job has such an id.
    case badID
    /// The host's answer.
    case refused(status: Int, detail: String)
    /// The host cannot be reached, or the task was cancelled.
    case unreachable(String)

    public var description: String {
        switch self {
        case .none: "EDGE_CONTROL is not set; start this function through edge serve"
        case .badID: "a job's id has 1 to 64 letters, digits, \"-\" and \"_\""
        case .refused(let status, let detail): "the host answered \(status): \(detail)"
        case .unreachable(let why): "the host's control socket cannot be used: \(why)"
        }
    }
}

/// One run of a job. The host takes what is said of the attempt that it waits for, and of no earlier one.
struct RunName: Hashable {
    let job: String
    /// The host's `Edge-Attempt-Id`; empty where it sent none.
    let attempt: String
}

/// Calls the host over its control socket. Answers come as the host made them; the first four need the grant `jobs`.
@LoopActor
public final class Control {
    /// The control socket of this process.
    public static let shared = Control(path: FunctionProgram.environment("EDGE_CONTROL"))

    private let client: HTTPClient?
    private var progress: [RunName: ProgressSender] = [:]
    /// The unfinished picture that is on its way to the host, or waits for its turn.
    private var lastPartial: Task<Void, Never>?

    /// Long polls and event streams hold a connection each.
    private static let connectionsMax = 1024
    private static let answerBytesMax = 64 << 10
    /// The largest unfinished picture that is shown: it is in memory while it is sent.
    static let partialBytesMax = 8 << 20

    /// - Parameter path: of the Unix socket; nil: every call is ``ControlError/none``.
    package init(path: String?) {
        var limits = HTTPClient.Limits()
        limits.connections = Self.connectionsMax
        client = path.map { HTTPClient(address: .unix(path: $0), limits: limits) }
    }

    /// The job's document.
    /// - Parameters:
    ///   - wait: answer when something changes, at the latest after this.
    ///   - request: the public request that this is for; absolute URLs in the answer fit it.
    public func job(
        _ id: String,
        wait: Duration? = nil,
        for request: Request? = nil
    ) async throws(ControlError) -> Response {
        let query = wait.map { "?wait=\($0.roundedUpSeconds)" } ?? ""
        return try await send("GET", "\(try Self.path(id))\(query)", for: request)
    }

    /// An event stream of the job's changes.
    public func events(_ id: String, for request: Request? = nil) async throws(ControlError) -> Response {
        try await send("GET", "\(try Self.path(id))/events", for: request)
    }

    /// Cancels a job that is not finished; removes one that is.
    /// - Parameter request: the public request that this is for. The jobs of known callers are ended for themselves and for an
    ///   operator only.
    public func delete(_ id: String, for request: Request? = nil) async throws(ControlError) -> Response {
        try await send("DELETE", try Self.path(id), for: request)
    }

    /// How the host is: version, uptime, queue, functions, lanes.
    public func service(for request: Request? = nil) async throws(ControlError) -> Response {
        try await send("GET", "/v1/service", for: request)
    }

    func save(_ state: JSONValue, of run: RunName) async throws(ControlError) {
        try await put(state, to: "\(try Self.path(run.job))/state", by: run)
    }

    func show(_ fraction: Double, note: String?, of run: RunName) {
        guard client != nil, let path = try? Self.path(run.job) else { return }
        var document: JSONObject = ["fraction": .double(fraction)]
        document["note"] = note.map { .string(String($0.prefix(200))) }
        let sender =
            progress[run] ?? ProgressSender { [weak self] in try? await self?.put($0, to: "\(path)/progress", by: run) }
        progress[run] = sender
        sender.show(.object(document))
    }

    /// Pictures go one after the other.
    func show(_ partial: Artifact, index: Int, of run: RunName) async {
        guard partial.content.count <= Self.partialBytesMax, let path = try? Self.path(run.job),
            let facts = try? partial.result()
        else { return }
        let before = lastPartial
        let task = Task { @LoopActor in
            await before?.value
            guard let bytes = try? await partial.content.bytes() else { return }
            var headers: HTTPHeaders = ["Content-Type": partial.type, "Edge-Result": facts]
            if !run.attempt.isEmpty { headers.add("Edge-Attempt-Id", run.attempt) }
            let request = HTTPClientRequest(
                method: "PUT",
                target: "\(path)/partial?index=\(index)",
                headers: headers,
                body: .bytes(bytes)
            )
            _ = try? await self.client?.send(request).body.collect(upTo: Self.answerBytesMax)
        }
        lastPartial = task
        await task.value
    }

    /// The run is over: what was not sent yet is of no use.
    func forget(_ run: RunName) { progress.removeValue(forKey: run)?.stop() }

    private func put(_ body: JSONValue, to path: String, by run: RunName) async throws(ControlError) {
        let response = try await send("PUT", path, body: .bytes(body.encoded()), by: run)
        guard case .reader(let reader, _) = response.body else { return try Self.check(response.status, []) }
        let bytes = (try? await reader.collect(upTo: Self.answerBytesMax)) ?? []
        try Self.check(response.status, bytes)
    }

    private static func check(_ status: Int, _ body: [UInt8]) throws(ControlError) {
        guard !(200...299).contains(status) else { return }
        let document = try? JSONValue.parse(body)
        throw .refused(status: status, detail: document?["detail"]?.string ?? "without a reason")
    }

    private func send(
        _ method: String,
        _ target: String,
        body: HTTPClientRequest.Body = .empty,
        by run: RunName? = nil,
        for request: Request? = nil
    ) async throws(ControlError) -> Response {
        guard let client else { throw .none }
        var headers = HTTPHeaders()
        for name in ["Edge-Base-URL", "Edge-Request-Id", "Edge-Caller", "Edge-User"] {
            if let value = request?.headers[name] { headers.add(name, value) }
        }
        if case .bytes = body { headers.add("Content-Type", "application/json") }
        if let run, !run.attempt.isEmpty { headers.add("Edge-Attempt-Id", run.attempt) }
        do {
            return try await client.send(
                HTTPClientRequest(method: method, target: target, headers: headers, body: body)
            ).forwarded
        } catch {
            throw .unreachable("\(error)")
        }
    }

    /// Whatever a caller sends as an id never becomes another path.
    private static func path(_ id: String) throws(ControlError) -> String {
        let isPlain = id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isPlain, (1...64).contains(id.utf8.count) else { throw .badID }
        return "/v1/jobs/\(id)"
    }
}
