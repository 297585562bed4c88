// A memo from the exact bytes of a request to its answer: the fastest way through the host.

/// Remembers values by the bytes that decide them. A look-up allocates nothing. Bounded by entries and bytes; the entry that was not
/// used for the longest time goes first.
struct Recall<Value> {
    private final class Entry {
        let key: [UInt8]
        let value: Value
        let cacheKey: String
        let bytes: Int
        var used: UInt64

        init(key: [UInt8], value: Value, cacheKey: String, bytes: Int, used: UInt64) {
            self.key = key
            self.value = value
            self.cacheKey = cacheKey
            self.bytes = bytes
            self.used = used
        }
    }

    /// By the hash of their keys. Two keys with one hash: the later one takes the place.
    private var entries: [UInt64: Entry] = [:]
    private var uses: UInt64 = 0
    /// Bytes of keys and values now.
    private(set) var bytes = 0
    let entriesMax: Int
    let bytesMax: Int
    /// The same for the life of the process, and unknown outside: nobody can choose keys that collide.
    private let seed = UInt64.random(in: 0...UInt64.max)

    /// - Parameters:
    ///   - entriesMax: at most this many; 4,096.
    ///   - bytesMax: of keys and values held in memory; 16 MiB.
    init(entriesMax: Int = 4096, bytesMax: Int = 16 << 20) {
        self.entriesMax = entriesMax
        self.bytesMax = bytesMax
    }

    var count: Int { entries.count }

    mutating func lookup(_ key: UnsafeRawBufferPointer) -> Value? {
        guard let entry = entries[hash(key)] else { return nil }
        let isSame = entry.key.withUnsafeBytes { $0.count == key.count && $0.elementsEqual(key) }
        guard isSame else { return nil }
        uses += 1
        entry.used = uses
        return entry.value
    }

    /// - Parameters:
    ///   - cacheKey: what ``forget(cacheKey:)`` will name it by.
    ///   - valueBytes: memory that the value holds.
    mutating func insert(key: [UInt8], value: Value, cacheKey: String, valueBytes: Int) {
        let size = key.count + valueBytes
        guard size <= bytesMax else { return }
        let hash = key.withUnsafeBytes { self.hash($0) }
        remove(hash)
        while entries.count >= entriesMax || bytes + size > bytesMax {
            guard let oldest = entries.min(by: { $0.value.used < $1.value.used }) else { break }
            remove(oldest.key)
        }
        uses += 1
        entries[hash] = Entry(key: key, value: value, cacheKey: cacheKey, bytes: size, used: uses)
        bytes += size
    }

    mutating func forgetAll() {
        entries.removeAll()
        bytes = 0
    }

    mutating func forget(cacheKey: String) {
        for (hash, entry) in entries where entry.cacheKey == cacheKey { remove(hash) }
    }

    private mutating func remove(_ hash: UInt64) {
        guard let entry = entries.removeValue(forKey: hash) else { return }
        bytes -= entry.bytes
    }

    private func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(seed)
        hasher.combine(bytes: key)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}
