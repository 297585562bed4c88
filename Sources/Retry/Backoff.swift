// Pauses that double, up to a cap.

/// Exponential backoff. Randomness is an argument, 0 to 1; anything else is held to that.
public struct Backoff: Sendable, Equatable {
    /// The first step.
    public let first: Duration
    /// No step is longer.
    public let longest: Duration

    /// After failures: steps of 1, 2, 4 ... 60 s.
    public static let failures = Backoff(first: .seconds(1), longest: .seconds(60))

    /// For waits of which nobody says how long they are: 1, 2, 4, 8, 8 ... s.
    public static let waits = Backoff(first: .seconds(1), longest: .seconds(8))

    /// - Parameters:
    ///   - first: the first step, above zero.
    ///   - longest: the cap, not below `first`.
    public init(first: Duration, longest: Duration) {
        precondition(first > .zero && longest >= first, "a backoff grows from its first step to its longest")
        self.first = first
        self.longest = longest
    }

    /// The step number `number`, from 1, without jitter.
    public func step(_ number: Int) -> Duration {
        var step = first
        for _ in 1..<max(number, 1) {
            if step >= longest { break }
            step = step * 2
        }
        return min(step, longest)
    }

    /// A pause somewhere between zero and the step (full jitter): callers that failed together come back apart.
    public func fullJitter(_ number: Int, _ jitter: Double) -> Duration { step(number) * Self.held(jitter) }

    /// A pause between half the step and the step, for who is told "not yet": never at once again.
    public func halfJitter(_ number: Int, _ jitter: Double) -> Duration { step(number) * (0.5 + Self.held(jitter) / 2) }

    /// NaN counts as 0.
    static func held(_ jitter: Double) -> Double { jitter > 0 ? min(jitter, 1) : 0 }
}
