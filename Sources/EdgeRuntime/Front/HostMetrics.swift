// GET /metrics: what the host counts, as Prometheus text.
internal import EdgeHTTP
internal import EdgeLoop

/// The host's metrics, and who may read them.
@LoopActor
final class HostMetrics {
    let metrics = Metrics()
    let requests: RequestMetrics
    /// By provider.
    let ownRuns: Metric<Counter>
    private let refusals: Metric<Counter>
    /// `EDGE_METRICS=public` in the environment: the operator's say that anybody may read them.
    private let isPublic: Bool

    init(isPublic: Bool) {
        self.isPublic = isPublic
        requests = RequestMetrics(metrics)
        ownRuns = metrics.counter(
            "edge_own_token_runs_total",
            "Runs on callers' own tokens, which the host's accounts do not pay.",
            labels: ["provider"]
        )
        refusals = metrics.counter("edge_refusals_total", "Requests refused.", labels: ["reason"])
        for reason in RefusalReason.allCases { refusals[reason.rawValue].add(0) }
        ProcessMetrics.add(to: metrics)
    }

    /// Counts a request that gets this instead of an answer.
    func count(_ problem: Problem) {
        if let reason = RefusalReason(code: problem.code) { refusals[reason.rawValue].add() }
    }

    /// Adds what is read when somebody asks: queues, processes, cache.
    func observe(_ board: JobBoard, _ functions: Functions, _ cache: ResultCache, _ log: LogWriter) {
        metrics.observed("edge_jobs_unfinished", "Jobs that have not ended.") { Double(board.count) }
        metrics.observed("edge_job_ends_unwritten", "Ends of jobs that the disk has not taken yet.") {
            Double(board.unwrittenEnds.count)
        }
        metrics.observed("edge_jobs_running", "Attempts under way.") { Double(board.runningCount) }
        metrics.observed("edge_jobs_queued", "Jobs that are ready and wait for a slot.") { Double(board.readyCount) }
        metrics.observed(
            "edge_lane_circuit",
            "The circuit of a provider and model: 0 closed, 1 one probe is out, 2 open.",
            labels: ["provider", "model"]
        ) {
            board.lanes.shared.map { ([$0.provider, $0.model ?? ""], board.lanes.circuit(of: $0).level) }
        }
        metrics.observed(
            "edge_lane_running",
            "Calls to a provider under way, and tasks that it works on.",
            labels: ["provider", "model"]
        ) {
            board.lanes.shared.map { ([$0.provider, $0.model ?? ""], Double(board.lanes.use(of: $0).running)) }
        }
        metrics.observed("edge_cache_bytes", "Bytes of cached images.") { Double(cache.bytes) }
        metrics.observed("edge_cache_entries", "Cached results.") { Double(cache.count) }
        metrics.observed(
            "edge_log_lines_dropped_total",
            "Log lines lost because the reader was too slow.",
            type: "counter"
        ) {
            Double(log.droppedLines)
        }
        metrics.observed("edge_isolates", "Running function processes.") {
            Double(functions.all.reduce(0) { $0 + $1.isolates.status.processes.count })
        }
        metrics.observed(
            "edge_isolate_crashes_total",
            "Function processes that ended without being told to.",
            type: "counter"
        ) {
            Double(functions.all.reduce(0) { $0 + $1.isolates.status.crashes })
        }
    }

    func answer(to request: HTTPRequest, isOperator: Bool) throws(Problem) -> HTTPResponse {
        guard isPublic || isOperator || Self.isLocal(request) else {
            throw Problem(
                status: 403,
                code: "metrics_private",
                message:
                    "metrics are answered on loopback and to an operator's key (edge keys create --role operator); EDGE_METRICS=public "
                    + "opens them to all"
            )
        }
        return HTTPResponse(
            headers: ["Content-Type": "text/plain; version=0.0.4; charset=utf-8", "Cache-Control": "no-store"],
            body: .bytes(Array(metrics.text().utf8))
        )
    }

    /// What proxies say of the requests of others that they pass on.
    private static let marks = [
        "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "True-Client-IP", "Via",
    ]

    /// A proxy on this machine comes from loopback too.
    private static func isLocal(_ request: HTTPRequest) -> Bool {
        guard !marks.contains(where: { request.headers.contains($0) }) else { return false }
        if case .ip(let address, _) = request.peer { return address.isLoopback }
        return true
    }
}
