// How long to wait before a process that crashed is started again.

/// The first restart is immediate, later ones wait longer; an answered call starts anew. Has no clock.
struct RestartBackoff: Equatable, Sendable {
    static let first = Duration.milliseconds(100)
    static let factor = 4
    static let longest = Duration.seconds(10)

    private var failures = 0
    /// The earliest time for the next start; nil: at once.
    private(set) var notBefore: ContinuousClock.Instant?

    init() {}

    /// The process ended without being told to, or did not start.
    mutating func crashed(at now: ContinuousClock.Instant) {
        failures += 1
        guard failures > 1 else { return }
        var pause = Self.first
        for _ in 2..<min(failures, 8) { pause = min(pause * Self.factor, Self.longest) }
        notBefore = now + pause
    }

    /// A call was answered.
    mutating func answered() {
        failures = 0
        notBefore = nil
    }

    /// What is left to wait at `now`; zero: start at once.
    func wait(at now: ContinuousClock.Instant) -> Duration {
        notBefore.map { max($0 - now, .zero) } ?? .zero
    }
}
