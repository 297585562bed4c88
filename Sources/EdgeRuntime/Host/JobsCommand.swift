// `edge jobs`: what became of jobs, for people and for programs.
internal import CivilTime
internal import EdgeLoop
internal import JSON

/// The forms of `edge jobs`.
package enum JobsAction: Sendable {
    /// - Parameter filters: names and values as the operator's socket takes them.
    case list(filters: [(name: String, value: String)], asJSON: Bool)
    case show(String)
    case logs(String)
    case retry(String)
    case cancel(String)
    case purge(filters: [(name: String, value: String)])
}

extension OperatorCommand {
    /// Removing a week's jobs takes a sync each.
    private static let purgeTimeout = Duration.seconds(600)

    package func jobs(_ action: JobsAction) async -> CommandOutcome {
        switch action {
        case .list(let filters, let asJSON):
            await asking("GET", "/v1/jobs" + Self.query(filters)) {
                asJSON ? $0.text(pretty: true) + "\n" : JobsTable(document: $0).text
            }
        case .show(let id):
            await asking("GET", "/v1/jobs/\(Self.escaped(id))") { $0.text(pretty: true) + "\n" }
        case .logs(let id):
            await asking("GET", "/v1/jobs/\(Self.escaped(id))") { JobHistory(document: $0).text }
        case .retry(let id):
            await asking("POST", "/v1/jobs/\(Self.escaped(id))/retry") {
                "\(id) runs again as \($0["id"]?.string ?? "?")\n"
            }
        case .cancel(let id):
            await asking("POST", "/v1/jobs/\(Self.escaped(id))/cancel") { _ in "\(id) is canceled\n" }
        case .purge(let filters):
            await asking("POST", "/v1/jobs/purge" + Self.query(filters), atMost: Self.purgeTimeout) {
                "removed \($0["removed"]?.integer ?? 0) jobs\n"
            }
        }
    }

    private static func query(_ filters: [(name: String, value: String)]) -> String {
        filters.isEmpty ? "" : "?" + filters.map { "\($0.name)=\(escaped($0.value))" }.joined(separator: "&")
    }

    static func escaped(_ text: String) -> String { PercentText.encode(text) }
}

/// Jobs as a table for a terminal.
struct JobsTable {
    let document: JSONValue

    private static let reasonMax = 100

    var text: String {
        let jobs = document["jobs"]?.array ?? []
        guard !jobs.isEmpty else { return "no such jobs\n" }
        var rows = [["id", "state", "function", "created", "user", "attempts", "cost", "reason"]]
        for job in jobs {
            let reason = (job["reason"]?.string ?? "").map { $0.isNewline ? " " : $0 }
            rows.append([
                job["id"]?.string ?? "-", job["state"]?.string ?? "-", job["function"]?.string ?? "-",
                job["created"]?.string ?? "-", job["user"]?.string ?? "-", "\(job["attempts"]?.integer ?? 0)",
                job["cost"]?.integer == nil ? "-" : ProvidersTable.price(job["cost"]),
                String(reason.prefix(Self.reasonMax)),
            ])
        }
        return TextTable.text(rows)
    }
}

/// What is known of a job's attempts, line by line.
struct JobHistory {
    let document: JSONValue

    var text: String {
        let (id, state) = (document["id"]?.string ?? "-", document["state"]?.string ?? "-")
        var lines = ["job \(id) of \(document["function"]?.string ?? "an unknown function"): \(state)"]
        if let omitted = document["attemptsOmitted"]?.integer, omitted > 0 {
            lines.append("(\(omitted) earlier attempts are not kept)")
        }
        for attempt in (document["attempts"] ?? document["document"]?["attempts"])?.array ?? [] {
            var line = "\(attempt["started"]?.string ?? "-")  attempt \(attempt["number"]?.integer ?? 0)"
            if let lane = attempt["lane"]?.string { line += " by \(lane)" }
            line += ": \(attempt["outcome"]?.string ?? "under way")"
            if let status = attempt["status"]?.integer { line += " (\(status))" }
            if let ended = attempt["ended"]?.string { line += " at \(ended)" }
            if let error = attempt["error"]?.string { line += ": \(error)" }
            lines.append(line)
        }
        if let reason = document["error"]?["message"]?.string ?? document["reason"]?.string {
            lines.append("reason: \(reason)")
        }
        lines.append("What the function itself wrote is not kept by job: it is in the host's log, at these times.")
        return lines.map { $0 + "\n" }.joined()
    }
}
