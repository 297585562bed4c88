// The last line of a zoneinfo file: how clocks change each year from then on, as POSIX writes it in TZ.

/// `CET-1CEST,M3.5.0,M10.5.0/3`: the standard offset, and when in the year another one holds.
struct YearlyTimeRule: Sendable, Equatable {
    /// A moment of each year, in the local time that holds before it.
    struct Turn: Sendable, Equatable {
        enum Day: Sendable, Equatable {
            /// 1 to 365; 29 February is never counted.
            case julian(Int)
            /// 0 to 365.
            case zeroBased(Int)
            /// The `week`th `weekday` (0: Sunday) of `month`; week 5: the last one.
            case weekday(month: Int, week: Int, weekday: Int)
        }

        let day: Day
        let second: Int

        /// Seconds since 1970 as if the local time were UTC.
        func local(in year: Int) -> Int64 {
            let first = CivilDate(year: year, month: 1, day: 1).daysSince1970
            let days: Int
            switch day {
            case .zeroBased(let day): days = first + day
            case .julian(let day):
                let isLeap = CivilDate(year: year, month: 2, day: 29).exists
                days = first + day - 1 + (isLeap && day >= 60 ? 1 : 0)
            case .weekday(let month, let week, let weekday):
                let start = CivilDate(year: year, month: month, day: 1).daysSince1970
                let end =
                    month == 12
                    ? CivilDate(year: year + 1, month: 1, day: 1).daysSince1970
                    : CivilDate(year: year, month: month + 1, day: 1).daysSince1970
                // 1 January 1970 was a Thursday.
                var day = start + ((weekday - (start + 4) % 7) % 7 + 7) % 7 + (week - 1) * 7
                while day >= end { day -= 7 }
                days = day
            }
            return Int64(days) * 86_400 + Int64(second)
        }
    }

    let standard: Int
    let other: Int
    /// When the other offset begins and ends; nil: never.
    let turns: (begins: Turn, ends: Turn)?

    static func == (left: YearlyTimeRule, right: YearlyTimeRule) -> Bool {
        left.standard == right.standard && left.other == right.other && left.turns?.begins == right.turns?.begins
            && left.turns?.ends == right.turns?.ends
    }

    func offset(at second: Int64) -> Int {
        guard let turns else { return standard }
        let local = second + Int64(standard)
        let days = Int(local >= 0 ? local / 86_400 : (local - 86_399) / 86_400)
        let year = CivilDate(daysSince1970: days).year
        let begins = turns.begins.local(in: year) - Int64(standard)
        let ends = turns.ends.local(in: year) - Int64(other)
        let isOther =
            begins < ends ? second >= begins && second < ends : second >= begins || second < ends
        return isOther ? other : standard
    }

    /// Nil for what is no such text.
    init?(_ text: String) {
        var reader = Reader(text)
        guard reader.name(), let west = reader.time() else { return nil }
        standard = -west
        guard !reader.isAtEnd else {
            other = standard
            turns = nil
            return
        }
        guard reader.name() else { return nil }
        if reader.next == 44 {
            other = standard + 3600
        } else {
            guard let west = reader.time() else { return nil }
            other = -west
        }
        guard reader.skip(44), let begins = reader.turn(), reader.skip(44), let ends = reader.turn(), reader.isAtEnd
        else { return nil }
        turns = (begins, ends)
    }

    private struct Reader {
        private var rest: ArraySlice<UInt8>

        init(_ text: String) { rest = Array(text.utf8)[...] }

        var isAtEnd: Bool { rest.isEmpty }
        var next: UInt8? { rest.first }

        mutating func skip(_ byte: UInt8) -> Bool {
            guard rest.first == byte else { return false }
            rest = rest.dropFirst()
            return true
        }

        /// `CET` or `<+03>`.
        mutating func name() -> Bool {
            if skip(60) {
                guard let end = rest.firstIndex(of: 62) else { return false }
                rest = rest[(end + 1)...]
                return true
            }
            let letters = rest.prefix { (97...122).contains($0 | 32) }
            rest = rest.dropFirst(letters.count)
            return letters.count >= 3
        }

        mutating func number(upTo limit: Int) -> Int? {
            let digits = rest.prefix { (48...57).contains($0) }
            guard (1...4).contains(digits.count) else { return nil }
            rest = rest.dropFirst(digits.count)
            let number = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
            return number <= limit ? number : nil
        }

        /// `-1`, `3`, `5:30`, `-167:30:00`: as seconds.
        mutating func time() -> Int? {
            let sign = skip(45) ? -1 : 1
            if sign == 1 { _ = skip(43) }
            guard let hours = number(upTo: 167) else { return nil }
            var seconds = hours * 3600
            if skip(58) {
                guard let minutes = number(upTo: 59) else { return nil }
                seconds += minutes * 60
                if skip(58) {
                    guard let more = number(upTo: 59) else { return nil }
                    seconds += more
                }
            }
            return sign * seconds
        }

        mutating func turn() -> Turn? {
            let day: Turn.Day
            if skip(77) {
                guard let month = number(upTo: 12), month > 0, skip(46), let week = number(upTo: 5), week > 0,
                    skip(46), let weekday = number(upTo: 6)
                else { return nil }
                day = .weekday(month: month, week: week, weekday: weekday)
            } else if skip(74) {
                guard let number = number(upTo: 365), number > 0 else { return nil }
                day = .julian(number)
            } else {
                guard let number = number(upTo: 365) else { return nil }
                day = .zeroBased(number)
            }
            guard skip(47) else { return Turn(day: day, second: 7200) }
            return time().map { Turn(day: day, second: $0) }
        }
    }
}
