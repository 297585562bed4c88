// Why a call got no answer from its function, and which HTTP answer says so.
internal import EdgeLoop

/// Each case stands for one answer; ``description`` says what happened and what to do.
enum IsolateError: Error, Equatable, Sendable {
    /// It crashed too often and is not started for a while.
    case circuitOpen(function: String, retryAfter: Duration)
    /// As many calls wait as may.
    case queueFull(function: String, places: Int, retryAfter: Duration)
    /// The call's time was over before a process could take it: it was never handed over and may be repeated.
    case waitedTooLong(function: String, after: Duration, retryAfter: Duration)
    case startFailed(function: String, reason: String, retryAfter: Duration)
    /// The process had the call for all of its time.
    case timedOut(function: String, after: Duration)
    /// The process ended while it had the call.
    case died(function: String, exit: ChildExit)
    /// What it sent is not HTTP, or it closed the connection without an answer.
    case badAnswer(function: String, reason: String)
    /// The request's own body broke off or did not come in time: not the function's doing.
    case requestBroken(function: String, reason: String)
    /// The host is stopping, or the function has left the manifest.
    case stopping(function: String)
    /// The caller's task was cancelled: nobody waits for an answer.
    case cancelled

    var status: Int {
        switch self {
        case .circuitOpen, .queueFull, .waitedTooLong, .startFailed, .stopping: 503
        case .timedOut: 504
        case .died, .badAnswer: 502
        case .requestBroken: 400
        case .cancelled: 499
        }
    }

    /// What it is called on Supabase; nil: the caller's own doing.
    var fault: RuntimeFault? {
        switch self {
        case .circuitOpen, .startFailed: .bootError
        case .queueFull, .waitedTooLong: .workerLimit
        case .timedOut: .idleTimeout
        case .died, .badAnswer: .workerError
        case .stopping: .internalError
        case .requestBroken, .cancelled: nil
        }
    }

    /// The problem's `code`.
    var code: String {
        switch self {
        case .stopping: "SERVICE_UNAVAILABLE"
        case .requestBroken: "BAD_REQUEST"
        case .cancelled: "CLIENT_CLOSED_REQUEST"
        default: (fault ?? .internalError).rawValue
        }
    }

    /// nil: no use in asking again soon.
    var retryAfter: Duration? {
        switch self {
        case .circuitOpen(_, let wait), .queueFull(_, _, let wait), .waitedTooLong(_, _, let wait): wait
        case .startFailed(_, _, let wait): wait
        case .stopping: .seconds(1)
        case .timedOut, .died, .badAnswer, .requestBroken, .cancelled: nil
        }
    }
}

extension IsolateError: CustomStringConvertible {
    var description: String {
        switch self {
        case .circuitOpen(let function, _):
            "the function \(function) crashed \(CrashCircuit.crashesMax) times within a minute and is not started for a "
                + "while; the host's log has the last lines that it wrote"
        case .queueFull(let function, let places, _):
            "\(places) calls already wait for the function \(function); its `concurrency` and `queue` in functions.json "
                + "say how many run and wait"
        case .waitedTooLong(let function, let after, _):
            "the function \(function) had no free place within \(after); it never got this call. Its `concurrency` in "
                + "functions.json says how many run at once"
        case .startFailed(let function, let reason, _):
            "the function \(function) did not start: \(reason)"
        case .timedOut(let function, let after):
            "the function \(function) did not finish within \(after), its `timeout` in functions.json"
        case .died(let function, let exit):
            "the process of the function \(function) \(exit) while it had this call; the host's log has what it wrote"
        case .badAnswer(let function, let reason):
            "the function \(function) gave no valid answer: \(reason)"
        case .requestBroken(let function, let reason):
            "the request to the function \(function) broke off: \(reason)"
        case .stopping(let function):
            "the function \(function) is being stopped and takes no more calls"
        case .cancelled:
            "the caller left"
        }
    }
}

extension IsolateError {
    /// For callers: why a start failed names paths of this machine and is for the log, which has it already.
    var publicDescription: String {
        guard case .startFailed(let function, _, _) = self else { return description }
        return "the function \(function) did not start; the host's log says why"
    }
}
