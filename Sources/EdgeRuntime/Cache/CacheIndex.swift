// Which results are kept, in the order of their last use: about 150 bytes each.
internal import CivilTime

/// A table with a list through it. Every change costs the same, however many entries there are.
struct CacheIndex {
    struct Entry {
        let key: CacheKey
        let made: Timestamp
        let expires: Timestamp
        let imageBytes: Int
        /// When its file was last marked as used.
        var touched: Timestamp
        fileprivate var older: Int32 = -1
        fileprivate var newer: Int32 = -1

        init(key: CacheKey, made: Timestamp, expires: Timestamp, imageBytes: Int, touched: Timestamp) {
            self.key = key
            self.made = made
            self.expires = expires
            self.imageBytes = imageBytes
            self.touched = touched
        }
    }

    private var places: [CacheKey: Int32] = [:]
    private var entries: [Entry] = []
    private var free: [Int32] = []
    private var oldestPlace: Int32 = -1
    private var newestPlace: Int32 = -1

    var count: Int { places.count }
    /// Of all entries' images; one that two entries share counts twice.
    private(set) var imageBytes = 0
    /// The entry that was not used for longest.
    var oldest: CacheKey? { oldestPlace < 0 ? nil : entries[Int(oldestPlace)].key }

    func find(_ key: CacheKey) -> Entry? { places[key].map { entries[Int($0)] } }

    func keys(where isMeant: (Entry) -> Bool) -> [CacheKey] {
        places.compactMap { isMeant(entries[Int($0.value)]) ? $0.key : nil }
    }

    /// Adds an entry as the one used last, in place of an older one of its key.
    mutating func insert(_ entry: Entry) {
        remove(entry.key)
        let place: Int32
        if let reused = free.popLast() {
            place = reused
            entries[Int(place)] = entry
        } else {
            place = Int32(entries.count)
            entries.append(entry)
        }
        places[entry.key] = place
        imageBytes += entry.imageBytes
        link(place)
    }

    mutating func remove(_ key: CacheKey) {
        guard let place = places.removeValue(forKey: key) else { return }
        unlink(place)
        imageBytes -= entries[Int(place)].imageBytes
        free.append(place)
    }

    /// Makes it the one used last.
    mutating func use(_ key: CacheKey) {
        guard let place = places[key], place != newestPlace else { return }
        unlink(place)
        link(place)
    }

    mutating func touch(_ key: CacheKey, at now: Timestamp) {
        guard let place = places[key] else { return }
        entries[Int(place)].touched = now
    }

    private mutating func link(_ place: Int32) {
        entries[Int(place)].older = newestPlace
        entries[Int(place)].newer = -1
        if newestPlace >= 0 { entries[Int(newestPlace)].newer = place } else { oldestPlace = place }
        newestPlace = place
    }

    private mutating func unlink(_ place: Int32) {
        let (older, newer) = (entries[Int(place)].older, entries[Int(place)].newer)
        if older >= 0 { entries[Int(older)].newer = newer } else { oldestPlace = newer }
        if newer >= 0 { entries[Int(newer)].older = older } else { newestPlace = older }
    }
}
