// The event that tells of a job's end. Pure.
internal import JSON

/// `job.succeeded`, `job.failed` or `job.canceled`, with the job document as clients see it.
struct WebhookEvent: Equatable, Sendable {
    let type: String
    let data: JSONObject

    /// Bytes of the data: with its frame an event stays below the 20 kB that receivers can be expected to take.
    static let dataBytesMax = 18_000

    /// - Returns: nil for a job that has not ended.
    init?(_ stored: JSONObject, base: String) {
        guard let state = stored["state"]?.string.flatMap({ JobState(rawValue: $0) }), state.isFinal else { return nil }
        type = "job.\(state.rawValue)"
        data = Self.fitted(JobDocument.shown(stored, base: base))
    }

    /// Leaves away what can be asked for by the job's id: the older attempts, then all of them, then all but what happened.
    static func fitted(_ document: JSONObject) -> JSONObject {
        var document = document
        let attempts = document["attempts"]?.array ?? []
        let omitted = document["attemptsOmitted"]?.integer ?? 0
        for kept in [attempts.count, 10, 1, 0] where kept <= attempts.count {
            document["attempts"] = .array(Array(attempts.suffix(kept)))
            let left = omitted + Int64(attempts.count - kept)
            document["attemptsOmitted"] = left > 0 ? .integer(left) : nil
            if document.encoded().count <= dataBytesMax { return document }
        }
        var short: JSONObject = [:]
        for key in ["version", "id", "function", "state", "created", "finished"] { short[key] = document[key] }
        short["truncated"] = true
        return short
    }
}
