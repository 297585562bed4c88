// The calls of the last 24 hours as the job files tell them: what quotas begin with at start.
internal import CivilTime
internal import JSON

/// Reads attempts out of job documents; each generation's once, whichever of its files tell them. Pure.
struct LatestCalls {
    struct Call: Equatable {
        let account: String
        let at: Timestamp
        let blockedUntil: Timestamp?
    }

    let since: Timestamp
    private(set) var found: [Call] = []
    private var seen: Set<String> = []

    init(since: Timestamp) { self.since = since }

    mutating func note(_ document: JSONObject) {
        let attempts = (document["attempts"]?.array ?? []).compactMap { Attempt($0) }
        for attempt in attempts {
            guard let account = attempt.account, attempt.started > since || attempt.blockedUntil ?? since > since,
                seen.insert("\(document["generation"]?.string ?? "") \(attempt.number)").inserted
            else { continue }
            found.append(Call(account: account, at: attempt.started, blockedUntil: attempt.blockedUntil))
        }
    }
}
