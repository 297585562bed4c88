// Which day each finished job ended on: 16 bytes a job.

/// Sorted ids by day. Ids rise with the time, so a new one goes near the end of its day's list; a day goes all at once.
struct FinishedIndex: Sendable {
    private struct Day: Sendable {
        let name: String
        var keys: [JobKey]
    }

    /// In rising order of their names, which are dates.
    private var days: [Day] = []

    var count: Int { days.reduce(0) { $0 + $1.keys.count } }

    /// The days that have jobs, earliest first.
    var dayNames: [String] { days.map(\.name) }

    func keys(of day: String) -> [JobKey] { days.first { $0.name == day }?.keys ?? [] }

    /// The day of that job, if it is one of these.
    func day(of key: JobKey) -> String? {
        days.last { Self.place(of: key, in: $0.keys).isThere }?.name
    }

    mutating func insert(_ key: JobKey, day: String) {
        guard let index = days.firstIndex(where: { $0.name >= day }) else {
            days.append(Day(name: day, keys: [key]))
            return
        }
        guard days[index].name == day else {
            days.insert(Day(name: day, keys: [key]), at: index)
            return
        }
        let place = Self.place(of: key, in: days[index].keys)
        if !place.isThere { days[index].keys.insert(key, at: place.index) }
    }

    /// Takes over a whole day's list, in any order; in place of what was known of that day.
    mutating func insert(day: String, keys: [JobKey]) {
        days.removeAll { $0.name == day }
        guard !keys.isEmpty else { return }
        let index = days.firstIndex { $0.name > day } ?? days.endIndex
        days.insert(Day(name: day, keys: keys.sorted()), at: index)
    }

    mutating func remove(_ key: JobKey) {
        for index in days.indices {
            let place = Self.place(of: key, in: days[index].keys)
            guard place.isThere else { continue }
            days[index].keys.remove(at: place.index)
            if days[index].keys.isEmpty { days.remove(at: index) }
            return
        }
    }

    private static func place(of key: JobKey, in keys: [JobKey]) -> (index: Int, isThere: Bool) {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return (low, low < keys.count && keys[low] == key)
    }
}
