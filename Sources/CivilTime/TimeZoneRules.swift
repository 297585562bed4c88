// When days and months begin in a time zone: the content of a zoneinfo file (RFC 9636), read without the C library's global state.

/// A time zone's offsets from UTC. Pure: who reads the file hands over its bytes.
package struct TimeZoneRules: Sendable, Equatable {
    /// From this moment on, seconds east of UTC.
    struct Change: Sendable, Equatable {
        let from: Int64
        let offset: Int
    }

    package static let utc = TimeZoneRules(first: 0, changes: [], rest: nil)

    /// Before the first change.
    let first: Int
    let changes: [Change]
    /// After the last change.
    let rest: YearlyTimeRule?

    init(first: Int, changes: [Change], rest: YearlyTimeRule?) {
        self.first = first
        self.changes = changes
        self.rest = rest
    }

    /// Reads a file of /usr/share/zoneinfo; nil when it is none of version 2 or later.
    package init?(tzif bytes: [UInt8]) {
        var reader = TZifReader(bytes)
        guard let rules = reader.rules() else { return nil }
        self = rules
    }

    /// Whether a text can name a zone, such as `Europe/Berlin`: a path below a folder and not beside it.
    package static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && !text.hasPrefix("/") && !text.hasSuffix("/") && !text.contains("//")
            && text.utf8.allSatisfy {
                $0 == 43 || $0 == 45 || $0 == 47 || $0 == 95 || (48...57).contains($0) || (97...122).contains($0 | 32)
            }
    }

    /// Seconds east of UTC.
    package func offset(at moment: Timestamp) -> Int { offset(atSecond: Self.second(moment)) }

    /// When the local day of `moment` began.
    package func dayStart(of moment: Timestamp) -> Timestamp { start(ofLocalDay: localDay(moment)) }
    /// When the next local day begins.
    package func nextDay(after moment: Timestamp) -> Timestamp { start(ofLocalDay: localDay(moment) + 1) }

    /// When the local month of `moment` began.
    package func monthStart(of moment: Timestamp) -> Timestamp {
        var date = CivilDate(daysSince1970: localDay(moment))
        date.day = 1
        return start(ofLocalDay: date.daysSince1970)
    }

    /// When the next local month begins.
    package func nextMonth(after moment: Timestamp) -> Timestamp {
        let date = CivilDate(daysSince1970: localDay(moment))
        let next =
            date.month == 12
            ? CivilDate(year: date.year + 1, month: 1, day: 1)
            : CivilDate(year: date.year, month: date.month + 1, day: 1)
        return start(ofLocalDay: next.daysSince1970)
    }

    /// The local day, `2026-11-21`.
    package func day(of moment: Timestamp) -> String {
        Timestamp(milliseconds: Int64(localDay(moment)) * 86_400_000).day
    }

    private static func second(_ moment: Timestamp) -> Int64 {
        Int64((Double(moment.milliseconds) / 1000).rounded(.down))
    }

    private func localDay(_ moment: Timestamp) -> Int {
        let local = Self.second(moment) + Int64(offset(at: moment))
        return Int(local >= 0 ? local / 86_400 : (local - 86_399) / 86_400)
    }

    /// A midnight that clocks pass twice is the first one; one that they skip is the moment of the jump.
    private func start(ofLocalDay day: Int) -> Timestamp {
        let midnight = Int64(day) * 86_400
        let before = offset(atSecond: midnight - 86_400 - Int64(first))
        let after = offset(atSecond: midnight + 86_400 - Int64(first))
        let candidates = [before, after].map { (offset: $0, at: midnight - Int64($0)) }
        let real = candidates.filter { offset(atSecond: $0.at) == $0.offset }.map(\.at)
        return Timestamp(milliseconds: (real.min() ?? midnight - Int64(before)) * 1000)
    }

    private func offset(atSecond second: Int64) -> Int {
        guard let last = changes.last else { return rest?.offset(at: second) ?? first }
        if second >= last.from, let rest { return rest.offset(at: second) }
        // The first change after `second`, by halves.
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].from <= second { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? first : changes[low - 1].offset
    }
}

/// Reads the 64-bit part of a zoneinfo file.
private struct TZifReader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private struct Header {
        let isUTC, isStandard, leaps, times, types, characters: Int
        func length(timeBytes: Int) -> Int {
            times * timeBytes + times + types * 6 + characters + leaps * (timeBytes + 4) + isStandard + isUTC
        }
    }

    mutating func rules() -> TimeZoneRules? {
        guard let old = header(), old.version >= 50 else { return nil }  // "2"
        place += old.header.length(timeBytes: 4)
        guard let (header, _) = header(), header.types > 0,
            place + header.length(timeBytes: 8) <= bytes.count
        else { return nil }
        var times: [Int64] = []
        for _ in 0..<header.times {
            guard let time = number(8) else { return nil }
            times.append(time)
        }
        let kinds = bytes[place..<place + header.times].map(Int.init)
        place += header.times
        var offsets: [Int] = []
        for _ in 0..<header.types {
            guard let offset = number(4) else { return nil }
            offsets.append(Int(Int32(truncatingIfNeeded: offset)))
            place += 2
        }
        guard kinds.allSatisfy({ $0 < offsets.count }), zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }) else {
            return nil
        }
        place += header.characters + header.leaps * 12 + header.isStandard + header.isUTC
        guard place < bytes.count, bytes[place] == 10 else { return nil }
        let footer = bytes[(place + 1)...].prefix { $0 != 10 }
        let text = String(decoding: footer, as: UTF8.self)
        let rest = text.isEmpty ? nil : YearlyTimeRule(text)
        guard text.isEmpty || rest != nil else { return nil }
        return TimeZoneRules(
            first: offsets[0],
            changes: zip(times, kinds).map { TimeZoneRules.Change(from: $0, offset: offsets[$1]) },
            rest: rest
        )
    }

    private mutating func header() -> (header: Header, version: UInt8)? {
        guard place + 44 <= bytes.count, bytes[place..<place + 4].elementsEqual("TZif".utf8) else { return nil }
        let version = bytes[place + 4]
        place += 20
        var counts: [Int] = []
        for _ in 0..<6 {
            guard let count = number(4), (0...100_000).contains(count) else { return nil }
            counts.append(Int(count))
        }
        return (
            Header(
                isUTC: counts[0],
                isStandard: counts[1],
                leaps: counts[2],
                times: counts[3],
                types: counts[4],
                characters: counts[5]
            ), version
        )
    }

    /// Big-endian; of 8 bytes with a sign.
    private mutating func number(_ count: Int) -> Int64? {
        guard place + count <= bytes.count else { return nil }
        let value = bytes[place..<place + count].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        place += count
        return Int64(truncatingIfNeeded: value)
    }
}
