// Whether a provider's model may be asked: it may not while it only fails.
internal import CivilTime

/// The circuit of one provider and model. Pure: time is an argument.
///
/// It opens after five failures in a row, or when half of the last twenty runs failed (ten at least). After a while one run
/// passes as a probe: its success closes the circuit, its failure opens it for twice as long.
struct RouteCircuit: Equatable, Sendable {
    enum State: Equatable, Sendable {
        case closed
        case open(until: Timestamp)
        /// One run is out to see whether the provider works again.
        case probing
    }

    /// Failures in a row that open it.
    static let rowMax = 5
    /// Runs that the error rate looks back on, how many it needs, and the share of failures that opens it.
    static let recentMax = 20
    static let recentMin = 10
    static let failedShare = 0.5
    static let openFirst = Duration.seconds(30)
    static let openMax = Duration.seconds(600)

    private(set) var state = State.closed
    /// The latest runs, oldest first: whether each failed.
    private var recent: [Bool] = []
    private var openFor = Self.openFirst

    /// When a run may pass; nil: now. While a probe is out there is no telling, so it is looked at again when the probe ends.
    func closedUntil(now: Timestamp) -> Timestamp? {
        switch state {
        case .closed: nil
        case .probing: now + Self.openFirst
        case .open(let until): until > now ? until : nil
        }
    }

    /// A run passes: the first one after the open time is the probe.
    mutating func began(at now: Timestamp) {
        if case .open(let until) = state, until <= now { state = .probing }
    }

    mutating func succeeded() {
        if state != .closed {
            state = .closed
            recent = []
        }
        openFor = Self.openFirst
        note(failed: false)
    }

    /// - Returns: whether this failure has opened it.
    mutating func failed(at now: Timestamp) -> Bool {
        switch state {
        case .probing:
            openFor = min(openFor * 2, Self.openMax)
            state = .open(until: now + openFor)
            return true
        case .open: return false
        case .closed:
            note(failed: true)
            let row = recent.reversed().prefix { $0 }.count
            let failures = recent.count { $0 }
            let isBadRate =
                recent.count >= Self.recentMin && Double(failures) >= Double(recent.count) * Self.failedShare
            guard row >= Self.rowMax || isBadRate else { return false }
            state = .open(until: now + openFor)
            recent = []
            return true
        }
    }

    /// A run ended without telling anything of the provider's health: a limit, a refusal, a cancellation.
    mutating func toldNothing(at now: Timestamp) {
        if state == .probing { state = .open(until: now) }
    }

    private mutating func note(failed: Bool) {
        recent.append(failed)
        if recent.count > Self.recentMax { recent.removeFirst() }
    }
}

/// What the runs of one provider and model have taken lately.
struct RunTimes: Equatable, Sendable {
    private var latest: [Duration] = []
    private var sorted: [Duration] = []
    private let kept: Int
    /// Nil before the first one.
    private(set) var median: Duration?

    init(kept: Int = 20) { self.kept = kept }

    mutating func add(_ time: Duration) {
        if latest.count == kept {
            let oldest = latest.removeFirst()
            sorted.remove(at: place(of: oldest))
        }
        latest.append(time)
        sorted.insert(time, at: place(of: time))
        median = sorted[sorted.count / 2]
    }

    /// Where the first one is that is not shorter.
    private func place(of time: Duration) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
