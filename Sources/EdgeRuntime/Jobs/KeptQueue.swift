// Finished jobs in the order in which they ended: 32 bytes each.
internal import CivilTime

/// The one that ended first is at hand; others are found by their time.
struct KeptQueue: Sendable {
    struct Entry: Sendable, Equatable {
        let key: JobKey
        let finished: Timestamp
        let bytes: Int
    }

    private var entries: [Entry] = []
    /// The places before it are free.
    private var first = 0
    private(set) var bytes = 0

    private static let freeMax = 1024

    var count: Int { entries.count - first }
    var oldest: Entry? { first < entries.count ? entries[first] : nil }

    /// Mostly near the end: jobs are told of in about the order in which they ended.
    mutating func insert(_ entry: Entry) {
        let place = place(of: entry)
        if place < entries.count, entries[place].key == entry.key { return }
        entries.insert(entry, at: place)
        bytes += entry.bytes
    }

    mutating func remove(_ key: JobKey, finished: Timestamp) {
        let place = place(of: Entry(key: key, finished: finished, bytes: 0))
        guard place < entries.count, entries[place].key == key else { return }
        bytes -= entries[place].bytes
        if place == first { dropFirst() } else { entries.remove(at: place) }
    }

    private mutating func dropFirst() {
        first += 1
        guard first > Self.freeMax, first > entries.count / 2 else { return }
        entries.removeFirst(first)
        first = 0
    }

    /// Where it is, or belongs.
    private func place(of entry: Entry) -> Int {
        if let last = entries.last, first < entries.count, Self.isBefore(last, entry) { return entries.count }
        var (low, high) = (first, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if Self.isBefore(entries[middle], entry) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func isBefore(_ left: Entry, _ right: Entry) -> Bool {
        (left.finished, left.key) < (right.finished, right.key)
    }
}
