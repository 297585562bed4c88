// All forms of all secrets as one sorted table, which a scan walks down byte by byte.

/// Sorted byte strings, each with a label. A walk narrows the range of strings that begin with what was seen so far.
final class SecretPatterns: Sendable {
    /// Once this many bytes of a secret were seen, they are replaced although the rest may differ or be missing:
    /// so a line that was cut hides its secret too, and a scan looks at each byte at most this many times.
    static let enough = 64

    private let bytes: [UInt8]
    /// Pattern `n` is `bytes[starts[n]..<starts[n + 1]]`.
    private let starts: [Int]
    private let labels: [[UInt8]]
    /// One bit for each hash of the first four bytes of a pattern: nearly all text is passed over by this alone.
    private let filter: [UInt64]

    var isEmpty: Bool { labels.isEmpty }

    init(_ secrets: [(name: String, value: SecretValue)]) {
        var labelled: [[UInt8]: String] = [:]
        for (name, value) in secrets {
            for form in SecretForms.all(of: value.reveal()) {
                labelled[form] = labelled[form].map { min($0, name) } ?? name  // the same whatever the order
            }
        }
        let sorted = labelled.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        var filter = [UInt64](repeating: 0, count: sorted.isEmpty ? 0 : 1024)
        var starts = [0]
        for (pattern, _) in sorted {
            let bit = pattern.withUnsafeBufferPointer { Self.filterBit($0, at: 0) }
            filter[bit >> 6] |= 1 << UInt64(bit & 63)
            starts.append((starts.last ?? 0) + pattern.count)
        }
        bytes = sorted.flatMap(\.key)
        labels = sorted.map { Array("[\($0.value)]".utf8) }
        self.starts = starts
        self.filter = filter
    }

    /// False when certainly no pattern begins at `index`; needs four bytes from there.
    func mayBegin(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
        let bit = Self.filterBit(text, at: index)
        return filter[bit >> 6] & 1 << UInt64(bit & 63) != 0
    }

    private static func filterBit(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
        let word = UnsafeRawBufferPointer(text).loadUnaligned(fromByteOffset: index, as: UInt32.self)
        return Int((word &* 0x9E37_79B1) >> 16)
    }

    func begin() -> Walk { Walk(low: 0, high: labels.count) }

    func label(of walk: Walk) -> [UInt8] { labels[walk.found?.pattern ?? walk.low] }

    /// A walk down from the first byte of a match.
    struct Walk: Sendable {
        fileprivate(set) var low: Int
        fileprivate(set) var high: Int
        /// How many bytes matched so far.
        fileprivate(set) var depth = 0
        /// The longest whole pattern passed so far.
        fileprivate(set) var found: (pattern: Int, length: Int)?

        fileprivate init(low: Int, high: Int) {
            self.low = low
            self.high = high
        }
    }

    /// Takes one more byte. False, and the walk unchanged, when no pattern goes on with it.
    func step(_ walk: inout Walk, _ byte: UInt8) -> Bool {
        let first = starts[walk.low + 1] - starts[walk.low] == walk.depth ? walk.low + 1 : walk.low
        let low = partition(first, walk.high) { bytes[starts[$0] + walk.depth] >= byte }
        let high = partition(low, walk.high) { bytes[starts[$0] + walk.depth] > byte }
        guard low < high else { return false }
        walk.low = low
        walk.high = high
        walk.depth += 1
        if starts[low + 1] - starts[low] == walk.depth { walk.found = (low, walk.depth) }
        return true
    }

    /// Whether a longer pattern begins with what the walk has seen.
    func canGrow(_ walk: Walk) -> Bool {
        walk.high - walk.low > 1 || starts[walk.low + 1] - starts[walk.low] > walk.depth
    }

    private func partition(_ low: Int, _ high: Int, by belongs: (Int) -> Bool) -> Int {
        var low = low
        var high = high
        while low < high {
            let middle = (low + high) / 2
            if belongs(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
