// The deadlines of one transfer: one timer for its current step and one for the whole call.
internal import EdgeLoop

/// Tells once, with the reason, when a step or the whole takes too long.
@LoopActor
final class TransferClock {
    enum Step { case connect, firstByte, idle }

    private let deadlines: UpstreamDeadlines
    private let endsAt: ContinuousClock.Instant
    private var total: LoopTimer?
    private var current: LoopTimer?
    private var lastProgress = ContinuousClock.now
    var onExpiry: (@LoopActor (UpstreamError.Reason) -> Void)?

    init(_ deadlines: UpstreamDeadlines, endsAt: ContinuousClock.Instant) {
        self.deadlines = deadlines
        self.endsAt = endsAt
    }

    /// Begins a step, which ends the one before. The first one starts the whole.
    func run(_ step: Step) {
        if total == nil {
            total = LoopTimer(after: endsAt - ContinuousClock.now) { [unowned self] in
                onExpiry?(.totalDeadline(deadlines.total))
            }
        }
        switch step {
        case .connect: arm(deadlines.connect) { .connectDeadline($0.connect) }
        case .firstByte: arm(deadlines.firstByte) { .firstByteDeadline($0.firstByte) }
        case .idle:
            lastProgress = .now
            watchIdle(deadlines.idle)
        }
    }

    /// Bytes came: the idle time begins anew. Costs no timer.
    func progressed() { lastProgress = .now }

    /// The caller is the slow one now.
    func pause() {
        current?.cancel()
        current = nil
    }

    func stop() {
        pause()
        total?.cancel()
        total = nil
        onExpiry = nil
    }

    private func arm(_ limit: Duration, _ reason: @escaping @LoopActor (UpstreamDeadlines) -> UpstreamError.Reason) {
        current?.cancel()
        current = LoopTimer(after: limit) { [unowned self] in onExpiry?(reason(deadlines)) }
    }

    private func watchIdle(_ wait: Duration) {
        current?.cancel()
        current = LoopTimer(after: wait) { [unowned self] in
            let left = deadlines.idle - (ContinuousClock.now - lastProgress)
            if left > .zero { watchIdle(left) } else { onExpiry?(.idleDeadline(deadlines.idle)) }
        }
    }
}
