// Lets tasks wait until something has changed.
internal import EdgeLoop

/// Wakes every task that waits for the next change. Costs nothing while nobody waits.
@LoopActor
final class ChangeSignal {
    private struct Waiter {
        let id: Int
        /// Unchecked: it is resumed by whoever takes its waiter out of the list, which it is put into once.
        let continuation: UnsafeContinuation<Bool, Never>
        let timer: LoopTimer?

        @LoopActor func end(_ changed: Bool) {
            timer?.cancel()
            continuation.resume(returning: changed)
        }
    }

    /// In the order of their coming.
    private var waiters: [Waiter] = []
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
            await withUnsafeContinuation { continuation in
                if isMet() { return continuation.resume(returning: true) }
                if Task.isCancelled { return continuation.resume(returning: false) }
                let timer = limit.map { LoopTimer(after: $0) { [unowned self] in giveUp(waiter) } }
                waiters.append(Waiter(id: waiter, continuation: continuation, timer: timer))
            }
        } onCancel: {
            Task { @LoopActor in self.giveUp(waiter) }
        }
    }

    func notify() {
        let all = waiters
        waiters = []
        for waiter in all { waiter.end(true) }
    }

    private func giveUp(_ id: Int) {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        waiters.remove(at: index).end(false)
    }
}
