// A time zone by its rules, so that a day can end at somebody's midnight.
/// One zone of the time zone database (RFC 9636), read once from its file. Asking it touches neither a file nor the environment: TZ and
/// `localtime_r` would be shared by all threads, and with the functions' processes.
package struct TimeZone: Sendable, Equatable {
    /// `Europe/Berlin`.
    package let name: String
    /// When the offset changes, and to which.
    private var changes: [(at: Int64, offset: Int)] = []
    private var firstOffset = 0
    /// What holds after the last change.
    private var rule: TimeZoneRule?

    package static let utc = TimeZone(name: "UTC")

    private init(name: String) { self.name = name }

    package static func == (left: TimeZone, right: TimeZone) -> Bool {
        left.name == right.name && left.firstOffset == right.firstOffset && left.rule == right.rule
            && left.changes.elementsEqual(right.changes, by: ==)
    }

    /// Whether a text can be a name of the database, and no path out of it.
    package static func isName(_ text: String) -> Bool {
        (1...nameBytesMax).contains(text.utf8.count)
            && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
                guard let first = part.utf8.first, first | 0x20 >= 97, first | 0x20 <= 122 else { return false }
                return part.utf8.allSatisfy {
                    (97...122).contains($0 | 0x20) || (48...57).contains($0) || $0 == 43 || $0 == 45 || $0 == 95
                }
            }
    }

    private static let nameBytesMax = 64
    /// Bytes of one file.
    package static let bytesMax = 64 << 10

    // MARK: Days

    /// Seconds east of UTC.
    package func offset(at moment: Timestamp) -> Int { offset(atSecond: Self.second(of: moment)) }

    /// The local day, counted from 1970-01-01.
    package func day(of moment: Timestamp) -> Int {
        let second = Self.second(of: moment)
        return Self.floored(second + Int64(offset(atSecond: second)), by: 86_400)
    }

    /// The local month, counted from January of the year 0.
    package func month(of moment: Timestamp) -> Int {
        let date = CivilDate(daysSince1970: day(of: moment))
        return date.year * 12 + date.month - 1
    }

    /// When a local day begins.
    package func start(ofDay day: Int) -> Timestamp {
        let midnight = Int64(day) * 86_400
        // The offsets of the day before and of the day after: only one of them fits, or both (a midnight that comes twice), or none (one
        // that the clocks jump over; then the day begins with the jump).
        let before = midnight - Int64(offset(atSecond: midnight - 129_600))
        let after = midnight - Int64(offset(atSecond: midnight + 129_600))
        let fits = [before, after].filter { $0 + Int64(offset(atSecond: $0)) == midnight }
        return Timestamp(milliseconds: (fits.min() ?? max(before, after)) * 1000)
    }

    package func start(ofMonth month: Int) -> Timestamp {
        let date = CivilDate(
            year: Self.floored(Int64(month), by: 12),
            month: month - Self.floored(Int64(month), by: 12) * 12 + 1,
            day: 1
        )
        return start(ofDay: date.daysSince1970)
    }

    /// When the local day of `moment` began.
    package func dayStart(of moment: Timestamp) -> Timestamp { start(ofDay: day(of: moment)) }
    /// When the next local day begins.
    package func nextDay(after moment: Timestamp) -> Timestamp { start(ofDay: day(of: moment) + 1) }
    /// When the local month of `moment` began.
    package func monthStart(of moment: Timestamp) -> Timestamp { start(ofMonth: month(of: moment)) }
    /// When the next local month begins.
    package func nextMonth(after moment: Timestamp) -> Timestamp { start(ofMonth: month(of: moment) + 1) }
    /// The local day, `2026-11-21`.
    package func dayText(of moment: Timestamp) -> String {
        Timestamp(milliseconds: Int64(day(of: moment)) * 86_400_000).day
    }

    private func offset(atSecond second: Int64) -> Int {
        guard let last = changes.last else { return rule?.offset(at: second) ?? firstOffset }
        if second >= last.at { return rule?.offset(at: second) ?? last.offset }
        var low = 0
        var high = changes.count
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].at <= second { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? firstOffset : changes[low - 1].offset
    }

    private static func second(of moment: Timestamp) -> Int64 { Int64(floored(moment.milliseconds, by: 1000)) }

    static func floored(_ number: Int64, by divisor: Int64) -> Int {
        Int(number >= 0 ? number / divisor : (number - divisor + 1) / divisor)
    }

    // MARK: Files

    /// Nil for what is no file of the database.
    package init?(name: String, file: [UInt8]) {
        self.init(name: name)
        var bytes = TZBytes(file)
        guard let first = bytes.header() else { return nil }
        var block = first
        if first.version >= 2 {
            // The first block has times of 32 bits, for readers of long ago.
            guard bytes.skip(first.length(timeBytes: 4)), let second = bytes.header() else { return nil }
            block = second
        }
        let timeBytes = first.version >= 2 ? 8 : 4
        guard let times = bytes.times(block.times, bytes: timeBytes), let kinds = bytes.take(block.times),
            let types = bytes.offsets(block.types), let firstType = types.first
        else { return nil }
        firstOffset = types.first { !$0.isDaylight }?.offset ?? firstType.offset
        for (time, kind) in zip(times, kinds) {
            guard Int(kind) < types.count, changes.last.map({ $0.at < time }) ?? true else { return nil }
            changes.append((time, types[Int(kind)].offset))
        }
        guard first.version >= 2 else { return }
        guard bytes.skip(block.rest(timeBytes: timeBytes)), let footer = bytes.footer() else { return nil }
        guard !footer.isEmpty else { return }
        guard let rule = TimeZoneRule(footer) else { return nil }
        self.rule = rule
    }
}

/// Reads a file of the database piece by piece.
private struct TZBytes {
    struct Header {
        let version: Int
        let universal, standard, leaps, times, types, letters: Int

        /// The block behind the header.
        func length(timeBytes: Int) -> Int { times * (timeBytes + 1) + types * 6 + rest(timeBytes: timeBytes) }

        /// What follows the types.
        func rest(timeBytes: Int) -> Int { letters + leaps * (timeBytes + 4) + standard + universal }
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func skip(_ count: Int) -> Bool { take(count) != nil }

    mutating func header() -> Header? {
        guard let magic = take(4), magic.elementsEqual(Array("TZif".utf8)), let version = take(1)?.first, skip(15)
        else { return nil }
        var counts: [Int] = []
        for _ in 0..<6 {
            guard let number = take(4).map(Self.number), (0...TimeZone.bytesMax).contains(number) else { return nil }
            counts.append(number)
        }
        return Header(
            version: version == 0 ? 1 : Int(version) - 48,
            universal: counts[0],
            standard: counts[1],
            leaps: counts[2],
            times: counts[3],
            types: counts[4],
            letters: counts[5]
        )
    }

    mutating func times(_ count: Int, bytes: Int) -> [Int64]? {
        var times: [Int64] = []
        for _ in 0..<count {
            guard let time = take(bytes).map(Self.number) else { return nil }
            times.append(Int64(time))
        }
        return times
    }

    mutating func offsets(_ count: Int) -> [(offset: Int, isDaylight: Bool)]? {
        var offsets: [(offset: Int, isDaylight: Bool)] = []
        for _ in 0..<count {
            guard let offset = take(4).map(Self.number), let marks = take(2) else { return nil }
            offsets.append((offset, marks.first != 0))
        }
        return offsets
    }

    /// The line between two line breaks.
    mutating func footer() -> String? {
        guard take(1)?.first == 10, let end = rest.firstIndex(of: 10) else { return nil }
        return String(decoding: rest[..<end], as: UTF8.self)
    }

    /// Big endian, with a sign.
    private static func number(_ bytes: ArraySlice<UInt8>) -> Int {
        let isNegative = bytes.first.map { $0 & 0x80 != 0 } ?? false
        return bytes.reduce(isNegative ? -1 : 0) { $0 << 8 | Int($1) }
    }
}
