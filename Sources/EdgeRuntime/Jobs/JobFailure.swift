// Why a job ended without a result, as its document and its callers are told.
internal import CivilTime
internal import JSON

/// The end of a failed job. The sentence says what happened and what to do.
struct JobFailure: Error, Equatable, Sendable {
    /// The HTTP status for a caller that waits: the function's own for a final answer, 429 or 503 for a wait that is too long.
    let status: Int
    let code: String
    let message: String
    /// Seconds, when trying again later makes sense.
    var retryAfter: Int?
    /// Further members of the function's problem document.
    var details: JSONObject = [:]

    static let canceled = JobFailure(
        status: 410,
        code: "canceled",
        message: "The job was canceled before it had a result. Send the request again to make a new one."
    )

    /// A retry that the function's daily cap forbids.
    static func dayCap(_ perDay: Int, after note: RunNote, now: Timestamp) -> JobFailure {
        JobFailure(
            status: 429,
            code: "daily_limit",
            message:
                "The attempt failed (\(note.message)), and the function has had its \(perDay) runs of today (job.perDay in "
                + "functions.json): it is not tried again.",
            retryAfter: DayCount.secondsToNextDay(now)
        )
    }

    /// An attempt whose fate is not known, where the settings forbid to pay twice.
    static func perhapsPaid(_ why: String) -> JobFailure {
        JobFailure(
            status: 502,
            code: "perhaps_paid",
            message: "The attempt may have been paid, and it is not tried again (job.perhapsPaid in functions.json is "
                + "\"fail\"): \(why)"
        )
    }

    static let beyondDeadline = JobFailure(
        status: 504,
        code: "deadline",
        message: "The job's deadline passed before an attempt could begin. Send the request again to make a new one."
    )

    var json: JSONValue {
        var object = details
        object["status"] = .integer(Int64(status))
        object["code"] = .string(code)
        object["message"] = .string(message)
        if let retryAfter { object["retryAfter"] = .integer(Int64(retryAfter)) }
        return .object(object)
    }

    init(status: Int, code: String, message: String, retryAfter: Int? = nil, details: JSONObject = [:]) {
        self.status = status
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
        self.details = details
    }

    init?(_ value: JSONValue) {
        guard var object = value.object, let status = value["status"]?.integer, let code = value["code"]?.string,
            let message = value["message"]?.string
        else { return nil }
        let retryAfter = value["retryAfter"]?.integer.map { Int(clamping: $0) }
        for key in ["status", "code", "message", "retryAfter"] { object[key] = nil }
        self.init(status: Int(clamping: status), code: code, message: message, retryAfter: retryAfter, details: object)
    }
}
