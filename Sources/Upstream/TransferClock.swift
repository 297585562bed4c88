// The deadlines of one transfer: of its present step and of the whole call.
internal import EdgeLoop

/// Tells once, with the reason, when a step or the whole takes too long. Steps change often and are seldom too long, so one timer serves
/// all of them: it looks what is due when it fires, and is made anew only for a deadline that is nearer than the one it waits for.
@LoopActor
final class TransferClock {
    enum Step { case connect, firstByte, idle }

    private let deadlines: UpstreamDeadlines
    private let endsAt: ContinuousClock.Instant
    /// Nil while the caller is the slow one.
    private var step: Step?
    private var stepEndsAt = ContinuousClock.now
    private var timer: LoopTimer?
    private var wakesAt = ContinuousClock.now
    var onExpiry: (@LoopActor (UpstreamError.Reason) -> Void)?

    init(_ deadlines: UpstreamDeadlines, endsAt: ContinuousClock.Instant) {
        self.deadlines = deadlines
        self.endsAt = endsAt
    }

    /// Begins a step, which ends the one before. The first one starts the whole.
    func run(_ step: Step) {
        self.step = step
        let now = ContinuousClock.now
        stepEndsAt = now + limit(of: step)
        watch(now)
    }

    /// Bytes came: the idle time begins anew.
    func progressed() {
        if step == .idle { stepEndsAt = .now + deadlines.idle }
    }

    /// The caller is the slow one now.
    func pause() { step = nil }

    func stop() {
        step = nil
        timer?.cancel()
        timer = nil
        onExpiry = nil
    }

    private func watch(_ now: ContinuousClock.Instant) {
        let due = step == nil ? endsAt : min(endsAt, stepEndsAt)
        if timer != nil, wakesAt <= due { return }
        timer?.cancel()
        wakesAt = due
        timer = LoopTimer(after: due - now) { [unowned self] in look() }
    }

    private func look() {
        timer?.cancel()
        timer = nil
        let now = ContinuousClock.now
        if now >= endsAt {
            onExpiry?(.totalDeadline(deadlines.total))
        } else if let step, now >= stepEndsAt {
            onExpiry?(reason(of: step))
        } else {
            watch(now)
        }
    }

    private func limit(of step: Step) -> Duration {
        switch step {
        case .connect: deadlines.connect
        case .firstByte: deadlines.firstByte
        case .idle: deadlines.idle
        }
    }

    private func reason(of step: Step) -> UpstreamError.Reason {
        switch step {
        case .connect: .connectDeadline(deadlines.connect)
        case .firstByte: .firstByteDeadline(deadlines.firstByte)
        case .idle: .idleDeadline(deadlines.idle)
        }
    }
}
