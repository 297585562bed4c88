// How one run of a job ended, as far as retrying is concerned.

/// The answer of a run, or what came instead of one.
public enum RunOutcome: Sendable, Equatable {
    /// 2xx with a result.
    case success
    /// 202: the function asks to be run again, `after` that long if it says so.
    case notReady(after: Duration?)
    /// 429 or 503: a provider's limit or a cold start. `estimate` is used only where `after` is missing.
    case limited(status: Int, after: Duration?, estimate: Double?)
    /// A failed attempt.
    case failed(RunFailure)
    /// Any other 4xx: this job will never succeed.
    case final(status: Int)

    /// The outcome that a status stands for.
    /// - Parameters:
    ///   - after: Retry-After, already read.
    ///   - estimate: seconds from the answer's body, if it has some.
    public init(status: Int, after: Duration?, estimate: Double? = nil) {
        switch status {
        case 202: self = .notReady(after: after)
        case 200...299: self = .success
        case 429: self = .limited(status: status, after: after, estimate: estimate)
        case 503 where after != nil || LoadingEstimate.pause(seconds: estimate) != nil:
            self = .limited(status: status, after: after, estimate: estimate)
        case 400...499: self = .final(status: status)
        default: self = .failed(.status(status))  // 1xx and 3xx are no answers to a run
        }
    }
}

/// Why an attempt failed.
public enum RunFailure: Sendable, Equatable {
    /// A 5xx, or a status that means nothing here.
    case status(Int)
    /// The connection closed before the answer was whole.
    case connectionClosed
    /// The process ended under the call.
    case processEnded
    /// The attempt took longer than it may.
    case timedOut
    /// The answer was no artifact: damaged, empty, too large, another type.
    case unusableResult

    /// What a client is told when this was the last attempt.
    public var status: Int {
        switch self {
        case .status(let status) where (500...599).contains(status): status
        case .timedOut: 504
        case .status, .connectionClosed, .processEnded, .unusableResult: 502
        }
    }
}
