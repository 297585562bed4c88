// Timestamps as HTTP dates (RFC 9110 section 5.6.7): one form is written, three are read.

private let dayNames: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
private let longDayNames: [StaticString] = [
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
]
private let monthNames: [StaticString] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
]

extension Timestamp {
    /// `Sat, 21 Nov 2026 10:00:30 GMT`. Milliseconds are dropped.
    public var httpDate: String {
        let (days, millisecond) = parts
        let date = CivilDate(daysSince1970: days)
        let weekday = ((days + 4) % 7 + 7) % 7  // 1970 began on a Thursday
        return TextBuilder.text(capacity: 29) { text in
            text.add(dayNames[weekday])
            text.add(", ")
            text.add(date.day, digits: 2)
            text.add(" ")
            text.add(monthNames[date.month - 1])
            text.add(" ")
            text.add(date.year, digits: 4)
            text.add(" ")
            text.add(millisecond / 3_600_000, digits: 2)
            text.add(":")
            text.add(millisecond / 60_000 % 60, digits: 2)
            text.add(":")
            text.add(millisecond / 1000 % 60, digits: 2)
            text.add(" GMT")
        }
    }

    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`; nil for anything
    /// else. The weekday is not compared with the date, since senders that get it wrong mean the date.
    ///
    /// - Parameter now: decides the century of a two-digit year: never more than 50 years ahead of `now`.
    public init?(httpDate: String, now: Timestamp = .now()) {
        var text = TextScanner(httpDate)
        let date: CivilDate?
        var second: Int?
        // A long name begins with its short one, so the long names are tried first.
        if text.choice(of: longDayNames) != nil {
            date = text.skip(", ") ? text.shortYearDate(now: now) : nil
            second = text.skip(" ") ? text.timeOfDay() : nil
            guard text.skip(" GMT") else { return nil }
        } else if text.choice(of: dayNames) != nil, text.skip(", ") {
            date = text.fixedDate()
            second = text.skip(" ") ? text.timeOfDay() : nil
            guard text.skip(" GMT") else { return nil }
        } else {
            guard text.skip(" "), let month = text.choice(of: monthNames), text.skip(" "),
                let day = text.skip(" ") ? text.number(digits: 1) : text.number(digits: 2), text.skip(" ")
            else { return nil }
            second = text.timeOfDay()
            guard text.skip(" "), let year = text.number(digits: 4) else { return nil }
            date = CivilDate(year: year, month: month + 1, day: day)
        }
        guard let date, let second, date.exists, text.isAtEnd else { return nil }
        self.init(milliseconds: Int64((date.daysSince1970 * 86_400 + second) * 1000))
    }
}

extension TextScanner {
    /// `06 Nov 1994`
    fileprivate mutating func fixedDate() -> CivilDate? {
        guard let day = number(digits: 2), skip(" "), let month = choice(of: monthNames), skip(" "),
            let year = number(digits: 4)
        else { return nil }
        return CivilDate(year: year, month: month + 1, day: day)
    }

    /// `06-Nov-94`
    fileprivate mutating func shortYearDate(now: Timestamp) -> CivilDate? {
        guard let day = number(digits: 2), skip("-"), let month = choice(of: monthNames), skip("-"),
            let shortYear = number(digits: 2)
        else { return nil }
        let thisYear = CivilDate(daysSince1970: now.parts.days).year
        var year = thisYear - thisYear % 100 + shortYear
        if year > thisYear + 50 { year -= 100 }
        return CivilDate(year: year, month: month + 1, day: day)
    }
}
