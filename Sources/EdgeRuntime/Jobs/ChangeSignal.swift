// Lets tasks wait until something has changed.
internal import EdgeLoop

/// Wakes every task that waits for the next change. Costs nothing while nobody waits.
@LoopActor
final class ChangeSignal {
    private var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
    private var timers: [Int: LoopTimer] = [:]
    private var nextWaiter = 0

    var isAwaited: Bool { !waiters.isEmpty }

    /// Waits for the next ``notify()``: true; or until `limit` is over or the task is cancelled: false.
    /// - Parameter isMet: whether there is nothing left to wait for. Asked when the wait begins: after a check before the call, others
    ///   may have run.
    func wait(atMost limit: Duration? = nil, unless isMet: @LoopActor () -> Bool = { false }) async -> Bool {
        if Task.isCancelled { return false }
        nextWaiter += 1
        let waiter = nextWaiter
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if isMet() { return continuation.resume(returning: true) }
                if Task.isCancelled { return continuation.resume(returning: false) }
                waiters[waiter] = continuation
                if let limit { timers[waiter] = LoopTimer(after: limit) { [unowned self] in resume(waiter, false) } }
            }
        } onCancel: {
            Task { @LoopActor in self.resume(waiter, false) }
        }
    }

    func notify() {
        for waiter in waiters.keys.sorted() { resume(waiter, true) }
    }

    private func resume(_ waiter: Int, _ changed: Bool) {
        timers.removeValue(forKey: waiter)?.cancel()
        waiters.removeValue(forKey: waiter)?.resume(returning: changed)
    }
}
