// Durations as people write them: a whole number and a unit.
internal import CivilTime

/// `250ms`, `25s`, `5m`, `1h`, `30d`: a whole number followed by milliseconds, seconds, minutes, hours or days.
package enum DurationText {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// The duration that `text` says; nil when it is not written as above or is longer than 100 years.
    package static func read(_ text: String) -> Duration? {
        guard let (number, unit) = NumberWithUnit.split(text),
            let factor = units.first(where: { $0.name == unit })?.milliseconds
        else { return nil }
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow || milliseconds > 100 * 365 * 86_400_000 ? nil : .milliseconds(milliseconds)
    }

    /// The shortest text for a duration of whole milliseconds: `90s` and not `90000ms`, `2m` and not `120s`.
    package static func text(of duration: Duration) -> String {
        let milliseconds = duration.inMilliseconds
        guard milliseconds != 0 else { return "0s" }
        let unit = units.last { milliseconds % $0.milliseconds == 0 } ?? units[0]
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }
}
