// Whether a function that keeps crashing may be started again: five crashes in a minute stop it for a while.

/// The circuit of one function. Has no clock: every question carries the time.
struct CrashCircuit: Equatable, Sendable {
    enum State: Equatable, Sendable {
        /// Calls pass.
        case closed
        /// Nothing passes before this time; then one call does, as a probe.
        case open(until: ContinuousClock.Instant)
        /// One call is out to see whether the function works again.
        case probing
    }

    enum Admission: Equatable, Sendable {
        case pass
        /// Passes, and everything depends on it: report ``answered()``, ``crashed(at:)`` or ``probeAbandoned(at:)``.
        case probe
        case refused(retryAfter: Duration)
    }

    /// Crashes within ``window`` that open the circuit.
    static let crashesMax = 5
    static let window = Duration.seconds(60)
    /// How long it stays open at first; each probe that crashes doubles it, up to ``openMax``.
    static let openFirst = Duration.seconds(5)
    static let openMax = Duration.seconds(300)
    /// What a caller is told to wait while another one's probe is out.
    static let probeWait = Duration.seconds(1)

    private(set) var state = State.closed
    private var crashes: [ContinuousClock.Instant] = []
    private var openFor = Self.openFirst

    init() {}

    /// Asks for one call. After ``Admission/probe`` all others are refused until the probe is reported.
    mutating func admit(at now: ContinuousClock.Instant) -> Admission {
        switch state {
        case .closed: return .pass
        case .probing: return .refused(retryAfter: Self.probeWait)
        case .open(let until):
            guard now >= until else { return .refused(retryAfter: until - now) }
            state = .probing
            return .probe
        }
    }

    /// The process ended without being told to, or did not start.
    /// - Returns: how long the circuit is open from now on, when this crash has opened it.
    mutating func crashed(at now: ContinuousClock.Instant) -> Duration? {
        switch state {
        case .open: return nil
        case .probing:
            openFor = min(openFor * 2, Self.openMax)
        case .closed:
            crashes.removeAll { $0 + Self.window <= now }
            crashes.append(now)
            guard crashes.count >= Self.crashesMax else { return nil }
            openFor = Self.openFirst
        }
        crashes = []
        state = .open(until: now + openFor)
        return openFor
    }

    /// A call was answered: the function works. Crashes of the last minute still count while the circuit is closed,
    /// so a function that answers one call in two is stopped as well.
    mutating func answered() {
        if state == .probing { state = .closed }
    }

    /// The probe's caller left before there was an outcome: the next call is the probe.
    mutating func probeAbandoned(at now: ContinuousClock.Instant) {
        if state == .probing { state = .open(until: now) }
    }
}
