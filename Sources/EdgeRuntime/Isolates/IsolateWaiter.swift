// A call that waits for a place in a process.
internal import EdgeLoop

/// In the queue of ``Isolates`` until it gets a place or a reason why not.
@LoopActor
final class IsolateWaiter {
    typealias Outcome = Result<IsolateLease, IsolateError>

    let request: String?
    /// Whether the function's circuit waits for what becomes of this call.
    var isProbe = false
    /// Where it waits, since it was queued.
    var place: CallQueue<IsolateWaiter>.Place?
    private let onOutcome: @LoopActor (Outcome) -> Void

    /// - Parameter onOutcome: called once, when it has been queued.
    init(request: String?, _ onOutcome: @escaping @LoopActor (Outcome) -> Void) {
        self.request = request
        self.onOutcome = onOutcome
    }

    func finish(_ outcome: Outcome) { onOutcome(outcome) }
}
