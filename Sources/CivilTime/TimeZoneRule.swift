// What a zone's clocks do every year: the last line of its file, in the form of POSIX's TZ.

/// `CET-1CEST,M3.5.0,M10.5.0/3`.
struct TimeZoneRule: Sendable, Equatable {
    /// One of the two changes of a year.
    private enum Day: Sendable, Equatable {
        /// A week of a month (5: the last one) and a day of the week (0: Sunday).
        case weekday(month: Int, week: Int, day: Int)
        /// 1 to 365; 29 February is not counted.
        case plain(Int)
        /// 0 to 365; it is counted.
        case counted(Int)
    }

    private struct Change: Sendable, Equatable {
        let day: Day
        /// Seconds after midnight.
        let time: Int
    }

    private struct Daylight: Sendable, Equatable {
        let offset: Int
        let begins: Change
        let ends: Change
    }

    private let offset: Int
    private var daylight: Daylight?

    /// Nil when it cannot be read.
    init?(_ text: String) {
        var text = TZText(text)
        guard text.name(), let west = text.time() else { return nil }
        offset = -west
        guard !text.isAtEnd else { return }
        guard text.name() else { return nil }
        var other = offset + 3600
        if !text.isNext(",") {
            guard let west = text.time() else { return nil }
            other = -west
        }
        guard text.skip(","), let begins = Self.change(&text), text.skip(","), let ends = Self.change(&text),
            text.isAtEnd
        else { return nil }
        daylight = Daylight(offset: other, begins: begins, ends: ends)
    }

    private static func change(_ text: inout TZText) -> Change? {
        let day: Day
        if text.skip("M") {
            guard let month = text.number(1...12), text.skip("."), let week = text.number(1...5), text.skip("."),
                let weekday = text.number(0...6)
            else { return nil }
            day = .weekday(month: month, week: week, day: weekday)
        } else if text.skip("J") {
            guard let number = text.number(1...365) else { return nil }
            day = .plain(number)
        } else {
            guard let number = text.number(0...365) else { return nil }
            day = .counted(number)
        }
        guard text.skip("/") else { return Change(day: day, time: 7200) }
        guard let time = text.time() else { return nil }
        return Change(day: day, time: time)
    }

    /// Seconds east of UTC.
    func offset(at second: Int64) -> Int {
        guard let daylight else { return offset }
        let year = CivilDate(daysSince1970: TimeZone.floored(second + Int64(offset), by: 86_400)).year
        let begins = Self.second(of: daylight.begins, year) - Int64(offset)
        let ends = Self.second(of: daylight.ends, year) - Int64(daylight.offset)
        // South of the equator it ends earlier in a year than it begins.
        let isDaylight =
            begins < ends ? begins <= second && second < ends : !(ends <= second && second < begins)
        return isDaylight ? daylight.offset : offset
    }

    /// In local time.
    private static func second(of change: Change, _ year: Int) -> Int64 {
        let first = CivilDate(year: year, month: 1, day: 1).daysSince1970
        let day: Int
        switch change.day {
        case .counted(let number): day = first + number
        case .plain(let number):
            let isLeap = CivilDate(year: year, month: 2, day: 29).exists
            day = first + number - 1 + (isLeap && number >= 60 ? 1 : 0)
        case .weekday(let month, let week, let weekday):
            let start = CivilDate(year: year, month: month, day: 1).daysSince1970
            let next = CivilDate(year: month == 12 ? year + 1 : year, month: month == 12 ? 1 : month + 1, day: 1)
            // 1970-01-01 was a Thursday.
            let ahead = (weekday - (start + 4) % 7 + 14) % 7
            var found = start + ahead + (week - 1) * 7
            if found >= next.daysSince1970 { found -= 7 }
            day = found
        }
        return Int64(day) * 86_400 + Int64(change.time)
    }
}

/// Reads such a line from its beginning.
private struct TZText {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    func isNext(_ character: Unicode.Scalar) -> Bool { rest.first == UInt8(ascii: character) }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard isNext(character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Letters, or anything in angle brackets.
    mutating func name() -> Bool {
        if skip("<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
            rest = rest[rest.index(after: end)...]
            return true
        }
        let letters = rest.prefix { (97...122).contains($0 | 0x20) }
        rest = rest.dropFirst(letters.count)
        return letters.count >= 3
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int? {
        let digits = rest.prefix { (48...57).contains($0) }
        guard (1...3).contains(digits.count), let number = Int(Substring(digits)), range.contains(number) else {
            return nil
        }
        rest = rest.dropFirst(digits.count)
        return number
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    mutating func time() -> Int? {
        let sign = skip("-") ? -1 : 1
        if sign == 1 { _ = skip("+") }
        guard let hours = number(0...167) else { return nil }
        var seconds = hours * 3600
        for unit in [60, 1] where skip(":") {
            guard let part = number(0...59) else { return nil }
            seconds += part * unit
        }
        return sign * seconds
    }
}
