// What to do after a run of a job: deliver, wait and ask again, try again, or fail.

/// Chooses the next move after each run of one job. Has no clock, no socket and no random source; `failures` and `waits`
/// are all its state, so a job file restores it.
public struct RetryDecision: Sendable, Equatable {
    /// The next move; its caller performs it.
    public enum Move: Sendable, Equatable {
        /// The result is there.
        case deliver
        /// Run again after this. It was no failure and used no attempt.
        case wait(Duration, cause: WaitCause)
        /// The attempt failed; make the next one after this. `failures` counts this one.
        case retry(after: Duration, failures: Int)
        /// The job is over.
        case fail(FailReason)
    }

    /// Why a job waits.
    public enum WaitCause: Sendable, Equatable {
        /// The function asked to be run again (202).
        case notReady
        /// A provider's limit (429).
        case rateLimit
        /// A cold start (503).
        case loading
    }

    /// Why a job ended without a result.
    public enum FailReason: Sendable, Equatable {
        /// An answer that no retry changes.
        case final(status: Int)
        /// All attempts failed; this is how the last one did.
        case attemptsUsed(failures: Int, last: RunFailure)
        /// The wait would pass the job's deadline. The client gets this status and Retry-After.
        case deadline(status: Int, retryAfter: Duration)

        /// What a client is told.
        public var status: Int {
            switch self {
            case .final(let status), .deadline(let status, _): status
            case .attemptsUsed(_, let last): last.status
            }
        }
    }

    /// How many attempts a job may be given.
    public static let attemptsAllowed = 1...20

    /// At most this much is added to a wait that was asked for, so that jobs that were told the same do not come at once.
    public static let spreadMax = Duration.seconds(1)

    /// Failures that end the job. Waits are not failures.
    public let attempts: Int
    /// Failed attempts so far.
    public private(set) var failures: Int
    /// Waits in a row for which nobody said how long.
    public private(set) var waits: Int

    /// - Parameters:
    ///   - attempts: held to ``attemptsAllowed``.
    ///   - failures: failed attempts so far, from the job file.
    ///   - waits: waits in a row, from the job file.
    public init(attempts: Int = 5, failures: Int = 0, waits: Int = 0) {
        self.attempts = min(max(attempts, Self.attemptsAllowed.lowerBound), Self.attemptsAllowed.upperBound)
        self.failures = max(failures, 0)
        self.waits = max(waits, 0)
    }

    /// Takes the outcome of a run.
    /// - Parameters:
    ///   - left: the time until the job's deadline.
    ///   - jitter: 0 to 1, from the caller's random source. With 0, a wait that was asked for is exactly that long.
    ///   - mayBePaid: whether somebody may have been paid for a run that ended in a limit. It is waited for as long, but uses an
    ///     attempt: what uses none may be made again until the deadline.
    public mutating func ended(
        _ outcome: RunOutcome,
        left: Duration,
        jitter: Double,
        mayBePaid: Bool = false
    ) -> Move {
        switch outcome {
        case .success:
            return .deliver
        case .final(let status):
            return .fail(.final(status: status))
        case .notReady(let after):
            return wait(told: after, .notReady, status: 504, left: left, jitter: jitter)
        case .limited(let status, let after, let estimate):
            let told = after ?? LoadingEstimate.pause(seconds: estimate)
            let cause: WaitCause = status == 429 ? .rateLimit : .loading
            let move = wait(told: told, cause, status: status, left: left, jitter: jitter)
            guard mayBePaid, case .wait(let pause, _) = move else { return move }
            failures = min(failures, 999) + 1
            guard failures < attempts else {
                return .fail(.attemptsUsed(failures: failures, last: .status(status)))
            }
            return .retry(after: pause, failures: failures)
        case .failed(let failure):
            return retry(failure, left: left, jitter: jitter)
        }
    }

    private mutating func wait(
        told: Duration?,
        _ cause: WaitCause,
        status: Int,
        left: Duration,
        jitter: Double
    ) -> Move {
        let pause: Duration
        if let told {
            waits = 0
            pause = min(max(told, RetryAfter.shortest), RetryAfter.longest)
        } else {
            waits = min(waits, 999) + 1
            pause = Backoff.waits.halfJitter(waits, jitter)
        }
        guard pause < left else { return .fail(.deadline(status: status, retryAfter: pause)) }
        guard told != nil else { return .wait(pause, cause: cause) }
        let spread = min(pause / 10, Self.spreadMax) * Backoff.held(jitter)  // later than told, never earlier
        return .wait(pause + spread < left ? pause + spread : pause, cause: cause)
    }

    private mutating func retry(_ failure: RunFailure, left: Duration, jitter: Double) -> Move {
        waits = 0
        failures = min(failures, 999) + 1
        guard failures < attempts else { return .fail(.attemptsUsed(failures: failures, last: failure)) }
        let pause = Backoff.failures.fullJitter(failures, jitter)
        guard pause < left else { return .fail(.deadline(status: failure.status, retryAfter: pause)) }
        return .retry(after: pause, failures: failures)
    }
}
