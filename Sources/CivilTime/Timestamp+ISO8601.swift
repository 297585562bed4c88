// Timestamps as text: 2026-11-21T10:00:00.123Z.

extension Timestamp {
    /// `2026-11-21T10:00:00.123Z`: always UTC, always with milliseconds, so that texts sort as the moments do.
    public var iso8601: String {
        let (days, millisecond) = parts
        let date = CivilDate(daysSince1970: days)
        return TextBuilder.text(capacity: 24) { text in
            text.add(date.year, digits: 4)
            text.add("-")
            text.add(date.month, digits: 2)
            text.add("-")
            text.add(date.day, digits: 2)
            text.add("T")
            text.add(millisecond / 3_600_000, digits: 2)
            text.add(":")
            text.add(millisecond / 60_000 % 60, digits: 2)
            text.add(":")
            text.add(millisecond / 1000 % 60, digits: 2)
            text.add(".")
            text.add(millisecond % 1000, digits: 3)
            text.add("Z")
        }
    }

    /// The UTC day, `2026-11-21`.
    public var day: String {
        let date = CivilDate(daysSince1970: parts.days)
        return TextBuilder.text(capacity: 10) { text in
            text.add(date.year, digits: 4)
            text.add("-")
            text.add(date.month, digits: 2)
            text.add("-")
            text.add(date.day, digits: 2)
        }
    }

    /// Reads an RFC 3339 time: date, `T`, time to the second, 1 to 9 decimals if any (cut to milliseconds), then `Z` or an
    /// offset such as `+02:00`. A leap second counts as the second after it. Nil for anything else.
    public init?(iso8601: String) {
        var text = TextScanner(iso8601)
        guard let year = text.number(digits: 4), text.skip("-"), let month = text.number(digits: 2), text.skip("-"),
            let day = text.number(digits: 2), text.skip("T") || text.skip("t"),
            let second = text.timeOfDay()
        else { return nil }
        var millisecond = 0
        if text.skip(".") {
            guard let fraction = text.fraction(digits: 9) else { return nil }
            millisecond = fraction / 1_000_000
        }
        var offset = 0
        if !text.skip("Z"), !text.skip("z") {
            let sign = text.skip("+") ? 1 : -1
            guard sign == 1 || text.skip("-"), let hours = text.number(digits: 2), hours < 24, text.skip(":"),
                let minutes = text.number(digits: 2), minutes < 60
            else { return nil }
            offset = sign * (hours * 3600 + minutes * 60)
        }
        let date = CivilDate(year: year, month: month, day: day)
        guard text.isAtEnd, date.exists else { return nil }
        self.init(milliseconds: Int64((date.daysSince1970 * 86_400 + second - offset) * 1000 + millisecond))
    }
}
