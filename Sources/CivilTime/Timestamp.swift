// A moment in UTC, to the millisecond: what job files, headers and log lines carry.
internal import Glibc

/// Milliseconds since 1970 in UTC, held within the years 0000 to 9999 (what ISO 8601 can write in four digits).
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public let milliseconds: Int64

    static let earliest: Int64 = -62_167_219_200_000
    static let latest: Int64 = 253_402_300_799_999

    /// A moment; one outside of the years 0000 to 9999 becomes the nearest one inside.
    public init(milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, Self.earliest), Self.latest)
    }

    /// The wall clock's time.
    public static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// The moment that much later. Parts of a millisecond are dropped.
    public static func + (moment: Timestamp, duration: Duration) -> Timestamp {
        let (sum, overflow) = moment.milliseconds.addingReportingOverflow(duration.inMilliseconds)
        return Timestamp(milliseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// The moment that much earlier. Parts of a millisecond are dropped.
    public static func - (moment: Timestamp, duration: Duration) -> Timestamp {
        let (difference, overflow) = moment.milliseconds.subtractingReportingOverflow(duration.inMilliseconds)
        return Timestamp(milliseconds: overflow ? (duration < .zero ? .max : .min) : difference)
    }

    /// The time from `right` to `left`; negative when `left` is the earlier one.
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .milliseconds(left.milliseconds - right.milliseconds)
    }

    /// Days since 1970 and the milliseconds of that day.
    var parts: (days: Int, millisecondOfDay: Int) {
        let day = 86_400_000
        let days = Int(milliseconds) >= 0 ? Int(milliseconds) / day : (Int(milliseconds) - day + 1) / day
        return (days, Int(milliseconds) - days * day)
    }
}

extension Timestamp: CustomStringConvertible {
    public var description: String { iso8601 }
}
