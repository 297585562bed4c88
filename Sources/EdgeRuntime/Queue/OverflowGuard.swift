// Refuses work at once that would begin too late.
internal import Callers
internal import CivilTime
internal import EdgeLoop

/// The guard of tiers with `overflow`: a free job that would begin long after its wait target is refused when it comes, rather than
/// kept waiting. Where nobody can estimate, nothing is refused.
@LoopActor
final class OverflowGuard: JobGuard {
    private unowned let board: JobBoard
    /// Whether tiers are in force: a host that knows no callers serves them all alike.
    private let isInForce: @LoopActor () -> Bool

    init(board: JobBoard, isInForce: @escaping @LoopActor () -> Bool) {
        self.board = board
        self.isInForce = isInForce
    }

    func admit(_ work: NewWork) throws(Problem) {
        let rules = board.tiers[work.tier]
        // The operator's own work waits as long as it takes.
        guard rules.overflow != nil, work.caller != .local, !work.isExempt, isInForce(),
            let late = rules.excess(of: board.estimatedStart(ofNew: work), arrived: work.now)
        else { return }
        throw .busy(retryAfter: max(1, Int(late.inSeconds.rounded(.up))))
    }

    func takeBack(_ work: NewWork) {}
}

extension TierRules {
    /// How much too late work would begin for this tier; nil: not too late, or nobody knows.
    func excess(of start: Timestamp?, arrived: Timestamp) -> Duration? {
        guard let overflow, let start else { return nil }
        let late = start - (arrived + wait + overflow)
        return late > .zero ? late : nil
    }
}

extension Problem {
    static func busy(retryAfter: Int) -> Problem {
        Problem(
            status: 503,
            code: "busy",
            message: "busy, try again in about \(retryAfter) s",
            retryAfter: retryAfter
        )
    }
}
