// Which jobs an operator means: by state, time and function.
internal import Callers
internal import CivilTime
internal import FileReading
internal import JSON

/// Read from a query; every mistake is a sentence.
struct JobFilter: Equatable, Sendable {
    /// A ``JobState``, or `dead`; nil: all.
    var state: String?
    var function: String?
    /// Who asked: a caller's id, or the end user that it named.
    var user: String?
    /// Accepted at this moment or later.
    var since: Timestamp?
    /// Accepted earlier than this.
    var before: Timestamp?
    /// Of the newest ones.
    var limit = 50

    static let limitMax = 1000
    static let dead = "dead"
    private static let states = ["queued", "running", "waiting", "succeeded", "failed", "canceled", dead]

    init() {}

    /// - Parameter query: `state`, `since`, `before`, `function`, `user` and `limit`, and nothing else.
    init(_ query: String?, now: Timestamp) throws(Problem) {
        for field in try QueryInput.object(query).members {
            let text = field.value.string ?? ""
            switch field.key {
            case "state":
                guard Self.states.contains(text) else {
                    throw Self.mistake("state is \"\(text)\"; use one of \(Self.states.joined(separator: ", "))")
                }
                state = text
            case "function": function = text
            case "user": user = text
            case "since": since = try Self.moment(text, "since", now)
            case "before": before = try Self.moment(text, "before", now)
            case "limit":
                guard let number = Int(text), (1...Self.limitMax).contains(number) else {
                    throw Self.mistake("limit is \"\(text)\"; use a number from 1 to \(Self.limitMax)")
                }
                limit = number
            default: throw Self.mistake("there is no filter \"\(field.key)\"")
            }
        }
    }

    /// Whether a job is meant. What a file does not tell is taken as met only where nothing was asked for.
    func takes(state: String, function: String?, caller: Caller?, created: Timestamp?) -> Bool {
        if let wanted = self.state, wanted != state { return false }
        if let wanted = self.function, wanted != function { return false }
        if let wanted = user { guard let caller, wanted == caller.user || wanted == caller.id else { return false } }
        if let since { guard let created, created >= since else { return false } }
        if let before { guard let created, created < before else { return false } }
        return true
    }

    func takes(_ document: JSONObject) -> Bool {
        takes(
            state: document["state"]?.string ?? "",
            function: document["function"]?.string,
            caller: document["caller"].flatMap { Caller($0) },
            created: document["created"]?.string.flatMap { Timestamp(iso8601: $0) }
        )
    }

    /// `2026-11-21`, `2026-11-21T10:00:00Z`, or how long ago: `3h`.
    static func moment(_ text: String, _ name: String, _ now: Timestamp) throws(Problem) -> Timestamp {
        if let ago = DurationText.read(text) { return now - ago }
        let whole = JobFiles.isDay(text) ? "\(text)T00:00:00Z" : text
        guard let moment = Timestamp(iso8601: whole) else {
            throw mistake(
                "\(name) is \"\(text)\"; use a day such as 2026-11-21, a time such as 2026-11-21T10:00:00Z, or how long ago, "
                    + "such as 3h"
            )
        }
        return moment
    }

    private static func mistake(_ message: String) -> Problem {
        Problem(status: 400, code: "bad_filter", message: message)
    }
}
