// A memo from the exact bytes of a request to its answer, for requests that come again and again.
internal import Glibc

/// Bounded in entries and bytes; what was not asked for lately goes first. A lookup allocates nothing.
struct Recall<Value> {
    private struct Slot {
        let hash: UInt64
        let key: [UInt8]
        let value: Value
        let cacheKey: String
        let valueBytes: Int
        /// Asked for since the hand last passed.
        var isUsed = false
    }

    /// Answers held. Default 4,096.
    let entriesMax: Int
    /// Bytes of all keys together. Default 8 MiB; a key of more than an eighth of that is not remembered.
    let keyBytesMax: Int
    /// Bytes that the values hold in memory, as told at their insertion. Default 16 MiB.
    let valueBytesMax: Int

    private var slots: [Slot?] = []
    /// Empty slots; the one emptied last is filled first, so that a new answer stands right behind the hand.
    private var free: [Int] = []
    private var places: [UInt64: Int] = [:]
    /// Second chance: the hand goes round; what was used since it last passed is spared once.
    private var hand = 0
    private(set) var keyBytes = 0
    private(set) var valueBytes = 0

    init(entriesMax: Int = 4096, keyBytesMax: Int = 8 << 20, valueBytesMax: Int = 16 << 20) {
        self.entriesMax = entriesMax
        self.keyBytesMax = keyBytesMax
        self.valueBytesMax = valueBytesMax
    }

    var count: Int { places.count }

    mutating func lookup(_ key: UnsafeRawBufferPointer) -> Value? {
        guard let place = places[Self.hash(key)], let slot = slots[place], Self.isEqual(slot.key, key) else {
            return nil
        }
        if !slot.isUsed { slots[place]?.isUsed = true }
        return slot.value
    }

    /// Remembers an answer, in place of an older one for the same bytes.
    /// - Parameters:
    ///   - cacheKey: what ``forget(cacheKey:)`` finds it by.
    ///   - valueBytes: the memory that the value holds.
    mutating func insert(key: [UInt8], value: Value, cacheKey: String, valueBytes size: Int) {
        let hash = key.withUnsafeBytes { Self.hash($0) }
        if let place = places[hash] { remove(at: place) }
        guard entriesMax > 0, key.count <= keyBytesMax / 8, size <= valueBytesMax / 8 else { return }
        while count >= entriesMax || keyBytes + key.count > keyBytesMax || valueBytes + size > valueBytesMax { evict() }
        // A copy of just these bytes: the caller uses its array again.
        let slot = Slot(
            hash: hash,
            key: key.withUnsafeBytes { Array($0) },
            value: value,
            cacheKey: cacheKey,
            valueBytes: size
        )
        if let place = free.popLast() {
            places[hash] = place
            slots[place] = slot
        } else {
            places[hash] = slots.count
            slots.append(slot)
        }
        keyBytes += key.count
        valueBytes += size
    }

    /// Forgets every answer that came from this cache entry. Looks at all: entries go seldom.
    mutating func forget(cacheKey: String) {
        for place in slots.indices where slots[place]?.cacheKey == cacheKey { remove(at: place) }
    }

    mutating func forgetAll() {
        self = Recall(entriesMax: entriesMax, keyBytesMax: keyBytesMax, valueBytesMax: valueBytesMax)
    }

    private mutating func evict() {
        while true {
            if hand >= slots.count { hand = 0 }
            let place = hand
            hand += 1
            guard let slot = slots[place] else { continue }
            guard slot.isUsed else { return remove(at: place) }
            slots[place]?.isUsed = false
        }
    }

    private mutating func remove(at place: Int) {
        guard let slot = slots[place] else { return }
        keyBytes -= slot.key.count
        valueBytes -= slot.valueBytes
        places[slot.hash] = nil
        slots[place] = nil
        free.append(place)
    }

    /// Keyed anew in every process: nobody outside can choose requests that collide.
    private static func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(bytes: key)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    private static func isEqual(_ stored: [UInt8], _ key: UnsafeRawBufferPointer) -> Bool {
        stored.withUnsafeBytes { stored in
            guard stored.count == key.count else { return false }
            guard let left = stored.baseAddress, let right = key.baseAddress else { return true }
            return memcmp(left, right, key.count) == 0
        }
    }
}
