// One timer for the deadlines of many calls.
internal import EdgeLoop

/// Ends each call when its time is over. The timer stands at the earliest deadline that it was set to, so most calls come and go
/// without touching it.
@LoopActor
final class CallDeadlines {
    private var calls: [DirectCall] = []
    private var timer: LoopTimer?
    private var due: ContinuousClock.Instant?

    func add(_ call: DirectCall) {
        call.slot = calls.count
        calls.append(call)
        if let due, due <= call.deadline { return }
        set(to: call.deadline)
    }

    func remove(_ call: DirectCall) {
        let last = calls.removeLast()
        guard last !== call else { return }
        calls[call.slot] = last
        last.slot = call.slot
    }

    private func set(to instant: ContinuousClock.Instant) {
        timer?.cancel()
        due = instant
        timer = LoopTimer(after: max(instant - .now, .zero)) { [weak self] in self?.look() }
    }

    private func look() {
        timer?.cancel()
        timer = nil
        due = nil
        let now = ContinuousClock.now
        for call in calls where call.deadline <= now { call.timeIsOver(at: now) }  // over a copy: they leave meanwhile
        if let next = calls.map(\.deadline).min() { set(to: next) }
    }
}
