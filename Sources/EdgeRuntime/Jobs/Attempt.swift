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
    /// The lane it runs on; nil in documents of older versions.
    var lane: String?
    /// What its call counts against; nil for a question about a task that runs already.
    var account: String?
    /// Whether it runs on the caller's own token: the host's accounts pay nothing.
    var isOwn = false
    /// Whether it asks about a task that an earlier attempt began.
    var resumes = false
    /// Whether an earlier attempt with the same id may have reached the provider: it is asked before anything is sent again.
    var isUnsure = false
    /// Whether it may have cost money without anything to show for it.
    var isPerhapsPaid = false
    /// Lanes that were passed over, and why.
    var passed: [LanePass] = []
    /// Why the next attempt goes to another lane.
    var movedOn: String?
    /// Until when the provider said to stay away.
    var blockedUntil: Timestamp?
    /// The number of the attempt that began what this one asks about; its own where it begins something. What is paid is paid once for
    /// all of them.
    var purchase: Int
    /// Micro-dollars that were spent on it, or may have been (``isPerhapsPaid``); nil: none, or nobody knows.
    var cost: Int64?
    /// Whether it is counted as work whose cost nobody knows.
    var isCostUnknown = false

    init(number: Int, id: String, started: Timestamp) {
        self.number = number
        self.id = id
        self.started = started
        purchase = number
    }

    /// Whether the ledger has counted it.
    var isCharged: Bool { cost != nil || isCostUnknown }

    var json: JSONValue {
        var object: JSONObject = [
            "number": .integer(Int64(number)), "id": .string(id), "started": .string(started.iso8601),
        ]
        if let ended { object.append("ended", .string(ended.iso8601)) }
        if let outcome { object.append("outcome", .string(outcome.rawValue)) }
        if let status { object.append("status", .integer(Int64(status))) }
        if let error { object.append("error", .string(error)) }
        if isPerhapsPaid { object.append("perhapsPaid", true) }
        if let lane { object.append("lane", .string(lane)) }
        if let account { object.append("account", .string(account)) }
        if isOwn { object.append("own", true) }
        if resumes { object.append("resumes", true) }
        if isUnsure { object.append("unsure", true) }
        if !passed.isEmpty {
            let passed = passed.map { ["lane": .string($0.lane), "reason": .string($0.reason)] as JSONValue }
            object.append("passed", .array(passed))
        }
        if let movedOn { object.append("movedOn", .string(movedOn)) }
        if let blockedUntil { object.append("blockedUntil", .string(blockedUntil.iso8601)) }
        if purchase != number { object.append("purchase", .integer(Int64(purchase))) }
        if let cost { object.append("cost", .integer(cost)) }
        if isCostUnknown { object.append("costUnknown", true) }
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
        lane = value["lane"]?.string
        account = value["account"]?.string
        isOwn = value["own"]?.bool ?? false
        resumes = value["resumes"]?.bool ?? false
        isUnsure = value["unsure"]?.bool ?? false
        isPerhapsPaid = value["perhapsPaid"]?.bool ?? false
        passed = (value["passed"]?.array ?? []).compactMap { item in
            guard let lane = item["lane"]?.string, let reason = item["reason"]?.string else { return nil }
            return LanePass(lane: lane, reason: reason)
        }
        movedOn = value["movedOn"]?.string
        blockedUntil = value["blockedUntil"]?.string.flatMap { Timestamp(iso8601: $0) }
        if let first = value["purchase"]?.integer { purchase = Int(clamping: first) }
        cost = value["cost"]?.integer
        isCostUnknown = value["costUnknown"]?.bool ?? false
    }
}
