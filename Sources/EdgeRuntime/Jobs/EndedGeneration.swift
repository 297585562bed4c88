// Work that was over when the host died, although not every job's file says so.
internal import JSON

/// How a generation ended, found at start in what an earlier host left. Its jobs get this end, and nothing is paid twice.
struct EndedGeneration: Equatable, Sendable {
    let result: Result<JobResult, JobFailure>
    /// nil: the file that tells of the last attempt's end is the one that was not written.
    let attempts: [Attempt]?

    init(result: Result<JobResult, JobFailure>, attempts: [Attempt]?) {
        self.result = result
        self.attempts = attempts
    }

    /// - Parameter stored: a finished job's document. nil: it tells only of its own end (it was cancelled).
    init?(_ stored: JSONObject) {
        let state = stored["state"]?.string
        if state == JobState.succeeded.rawValue, let result = JobDocument.result(in: stored) {
            self.result = .success(result)
        } else if state == JobState.failed.rawValue, let failure = stored["error"].flatMap({ JobFailure($0) }) {
            self.result = .failure(failure)
        } else {
            return nil
        }
        attempts = (stored["attempts"]?.array ?? []).compactMap { Attempt($0) }
    }

    /// Attempts whose last one led to a result that is there.
    static func succeeded(_ attempts: [Attempt]) -> [Attempt] {
        var attempts = attempts
        if let last = attempts.indices.last, attempts[last].outcome == .lost {
            attempts[last].outcome = .succeeded
            attempts[last].error = nil
            attempts[last].isPerhapsPaid = false
        }
        return attempts
    }
}
