// How much of a function's output goes to the log.

/// Two token buckets, for lines and for bytes: a function that floods loses lines, never the host its log or memory.
struct LogRate: Equatable, Sendable {
    enum Verdict: Equatable, Sendable {
        case pass
        /// Passes; before it, this many lines were dropped since the last that passed.
        case passAfter(dropped: Int)
        case drop
    }

    static let linesBurst = 1_000.0
    static let linesPerSecond = 100.0
    static let bytesBurst = 1_048_576.0
    static let bytesPerSecond = 131_072.0

    private var lines = Self.linesBurst
    private var bytes = Self.bytesBurst
    private var last: ContinuousClock.Instant
    /// Lines dropped since the last one that passed.
    private(set) var dropped = 0

    init(at now: ContinuousClock.Instant) { last = now }

    mutating func admit(bytes count: Int, at now: ContinuousClock.Instant) -> Verdict {
        let passed = (now - last) / .seconds(1)
        last = now
        lines = min(lines + passed * Self.linesPerSecond, Self.linesBurst)
        bytes = min(bytes + passed * Self.bytesPerSecond, Self.bytesBurst)
        guard lines >= 1, bytes >= Double(count) else {
            dropped += 1
            return .drop
        }
        lines -= 1
        bytes -= Double(count)
        let before = takeDropped()
        return before > 0 ? .passAfter(dropped: before) : .pass
    }

    /// How many were dropped since it was last said.
    mutating func takeDropped() -> Int {
        defer { dropped = 0 }
        return dropped
    }
}
