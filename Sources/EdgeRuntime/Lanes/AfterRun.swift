// What follows a run that made nothing: the same lane again, another one, or the end.
internal import CivilTime
internal import Retry

/// Decides about lanes; how long to wait is ``RetryDecision``'s. Pure.
struct AfterRun {
    enum Next: Equatable {
        /// The lane goes on with what it began, and keeps its place in the quota.
        case stay
        /// The same lane or another one, whichever is free when the wait is over.
        case rest
        /// The same lane with the same attempt id: its provider is asked what became of it before anything is sent again.
        case askAgain
        /// Another lane, at once.
        case handOver(why: String)
        /// It may have been paid, its provider cannot be asked, and the settings forbid to pay twice.
        case stopPaying
    }

    let lane: Lane
    /// Whether this run was to ask about an earlier one, whose fate is still not known.
    let wasUnsure: Bool
    /// Whether the function left a state: the provider works on it, under an id that the state holds.
    let hasState: Bool
    /// Whether a lane is left that has not failed this job yet.
    let hasOther: Bool
    /// Whether one of those could begin a run now, and is not loading.
    let hasWarm: Bool
    /// How long the caller still waits; nil: nobody does.
    let patience: Duration?
    /// The time until the job's deadline.
    let left: Duration
    let retriesPerhapsPaid: Bool

    func next(after outcome: RunOutcome, _ note: RunNote) -> Next {
        let why = note.message
        switch outcome {
        case .success, .notReady: return .stay
        case .limited(let status, let after, let estimate):
            guard !hasState else { return .stay }
            if wasUnsure || note.mayBePaid {
                if lane.takesAttemptIDs { return .askAgain }
                if !retriesPerhapsPaid { return .stopPaying }
            }
            let told = status == 429 ? after : estimate.map { Self.duration($0) } ?? after
            guard hasWarm, let told, told > patience ?? left else { return .rest }
            return .handOver(why: why)
        case .failed(let failure):
            // Its function has asked about the task as often as it may: where nobody else can help, the asking goes on.
            if hasState { return note.mayBePaid && hasOther && retriesPerhapsPaid ? .handOver(why: why) : .stay }
            let isUnsure = note.mayBePaid || failure.isUnsure
            if isUnsure, lane.takesAttemptIDs, !note.forgetsState { return .askAgain }
            if isUnsure, !retriesPerhapsPaid { return .stopPaying }
            return hasOther ? .handOver(why: why) : .rest
        case .final(let status):
            guard hasOther, note.isUnfit || Self.handsOver.contains(status) else { return .rest }
            // What may be paid is bought elsewhere only where the settings allow to pay twice, and nobody can be asked.
            return note.mayBePaid && (lane.takesAttemptIDs || !retriesPerhapsPaid) ? .rest : .handOver(why: why)
        }
    }

    /// Refusals that tell of a provider and not of a request: no money, no such model there, wrong key or settings.
    static let handsOver: Set<Int> = [402, 404, 424]

    /// A provider's guess in seconds may be anything.
    private static func duration(_ seconds: Double) -> Duration {
        guard seconds.isFinite, seconds > 0 else { return .zero }
        return .milliseconds(Int64(min(seconds, 86_400) * 1000))
    }
}

extension RunOutcome {
    /// Whether nobody knows what the provider did.
    var isUnsure: Bool { if case .failed(let failure) = self { failure.isUnsure } else { false } }
}

extension RunFailure {
    /// Whether the provider may have worked although nothing came back.
    var isUnsure: Bool {
        switch self {
        case .status: false
        case .connectionClosed, .processEnded, .timedOut, .unusableResult: true
        }
    }
}
