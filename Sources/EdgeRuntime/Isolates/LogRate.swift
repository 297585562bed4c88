// How much of a function's output goes to the log.

/// Two token buckets, for lines and for bytes: a function that floods loses lines, never the host its log or memory.
struct LogRate: Equatable, Sendable {
    static let linesBurst = 1_000.0
    static let linesPerSecond = 100.0
    static let bytesBurst = 1_048_576.0
    static let bytesPerSecond = 131_072.0

    private var lines = Self.linesBurst
    private var bytes = Self.bytesBurst
    private var last: ContinuousClock.Instant
    private var dropped = 0

    init(at now: ContinuousClock.Instant) { last = now }

    /// Whether a line of so many bytes may pass. If not, it is counted.
    mutating func admit(bytes count: Int, at now: ContinuousClock.Instant) -> Bool {
        let passed = (now - last) / .seconds(1)
        last = now
        lines = min(lines + passed * Self.linesPerSecond, Self.linesBurst)
        bytes = min(bytes + passed * Self.bytesPerSecond, Self.bytesBurst)
        guard lines >= 1, bytes >= Double(count) else {
            dropped += 1
            return false
        }
        lines -= 1
        bytes -= Double(count)
        return true
    }

    /// How many were dropped since it was last said.
    mutating func takeDropped() -> Int {
        defer { dropped = 0 }
        return dropped
    }
}
