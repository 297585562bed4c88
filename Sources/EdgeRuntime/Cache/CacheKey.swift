// A cache key in 32 bytes: the SHA-256 of what decides a result.

struct CacheKey: Hashable, Sendable {
    private let high: UInt128
    private let low: UInt128

    /// nil unless `text` is 64 lower-case hexadecimal digits; whatever is one is safe in a path.
    init?(_ text: some StringProtocol) {
        guard text.isHex(count: 64) else { return nil }
        high = UInt128(hex: text.utf8.prefix(32))
        low = UInt128(hex: text.utf8.dropFirst(32))
    }

    /// From the two parts of its path: "ab", "cdef….json".
    init?(folder: String, file: String) {
        guard folder.utf8.count == 2, file.hasSuffix(".json") else { return nil }
        self.init(folder + file.dropLast(5))
    }

    var text: String { high.hex + low.hex }

    /// The folder in `cache`: the first two digits.
    var folder: String { String(text.prefix(2)) }
    /// Below `cache`: "ab/cdef….json".
    var path: String { "\(text.prefix(2))/\(text.dropFirst(2)).json" }
}
