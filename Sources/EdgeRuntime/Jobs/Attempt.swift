// One call of a function for a job, written down before the call is made.
internal import CivilTime
internal import JSON

/// One call of `/_edge/run`. It is on disk before the function hears of it, so what may have been paid is always known.
struct Attempt: Equatable, Sendable {
    /// How an attempt ended; nil while it is under way, and for ever if the host died under it.
    enum Outcome: String, Sendable {
        case succeeded
        case failed
        /// The provider said "later": it used no attempt.
        case deferred
        /// The host or the last follower ended it.
        case canceled
        /// The host died under it; nobody knows how it ended.
        case lost
    }

    /// 1 for the first; every call counts, deferred ones too.
    let number: Int
    /// `Edge-Attempt-Id`: for providers that take a request id of ours.
    let id: String
    let started: Timestamp
    var ended: Timestamp?
    var outcome: Outcome?
    var status: Int?
    /// What went wrong or was waited for, as a sentence.
    var error: String?

    init(number: Int, id: String, started: Timestamp) {
        self.number = number
        self.id = id
        self.started = started
    }

    /// Whether it may have cost money without anything to show for it.
    var isPerhapsPaid: Bool { outcome == .lost }

    var json: JSONValue {
        var object: JSONObject = [
            "number": .integer(Int64(number)), "id": .string(id), "started": .string(started.iso8601),
        ]
        if let ended { object["ended"] = .string(ended.iso8601) }
        if let outcome { object["outcome"] = .string(outcome.rawValue) }
        if let status { object["status"] = .integer(Int64(status)) }
        if let error { object["error"] = .string(error) }
        if isPerhapsPaid { object["perhapsPaid"] = true }
        return .object(object)
    }

    init?(_ value: JSONValue) {
        guard let number = value["number"]?.integer, let id = value["id"]?.string,
            let started = value["started"]?.string.flatMap({ Timestamp(iso8601: $0) })
        else { return nil }
        self.init(number: Int(clamping: number), id: id, started: started)
        ended = value["ended"]?.string.flatMap { Timestamp(iso8601: $0) }
        outcome = value["outcome"]?.string.flatMap { Outcome(rawValue: $0) }
        status = value["status"]?.integer.map { Int(clamping: $0) }
        error = value["error"]?.string
    }
}
