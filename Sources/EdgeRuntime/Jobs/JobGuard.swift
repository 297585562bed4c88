// Who must agree before new work is accepted: limits, budgets, a queue that is too long.
internal import Callers
internal import CivilTime
internal import EdgeLoop

/// Work that nobody does yet, right before it becomes a job.
struct NewWork: Sendable {
    /// The generation that it will be, and the first job of that.
    let id: String
    let function: String
    let ticket: Ticket
    let caller: Caller
    let now: Timestamp
    /// Until when its caller waits; nil: it does not.
    let waitedUntil: Timestamp?
    /// In whose place it waits: its caller's tier, or a lesser one when that has had its share.
    let tier: Tier
    /// Whether its operator asked for it in the caller's name: then no limit holds.
    let isExempt: Bool
    /// The request that asks for several images at once; nil: it asks for this one.
    var batch: ImageBatch?
}

/// The images of one request: a cooldown is between requests, so what lets the first one pass lets all pass.
@LoopActor
final class ImageBatch: Sendable {
    var hasBegun = false
}

/// Asked in the turn of the loop in which the work would be made, so that nobody else comes between the question and the work.
/// Who follows equal work, and what the cache answers, is not asked about.
@LoopActor
protocol JobGuard: AnyObject {
    /// Takes what the work needs of a limit or a budget.
    /// - Throws: what the caller is told; then nothing was taken.
    func admit(_ work: NewWork) throws(Problem)
    /// Gives back what ``admit(_:)`` took: nothing came of the work, and no provider was called.
    func takeBack(_ work: NewWork)
}

extension JobBoard {
    /// Asks all guards, in their order.
    func admit(_ work: NewWork) throws(Problem) {
        for (index, jobGuard) in guards.enumerated() {
            do {
                try jobGuard.admit(work)
            } catch {
                for earlier in guards[..<index].reversed() { earlier.takeBack(work) }
                throw error
            }
        }
    }

    func takeBack(_ work: NewWork) {
        for jobGuard in guards.reversed() { jobGuard.takeBack(work) }
    }
}
