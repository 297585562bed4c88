// A cache key in 32 bytes: the SHA-256 of what decides a result.

struct CacheKey: Hashable, Sendable {
    private let high: UInt128
    private let low: UInt128

    /// nil unless `text` is 64 lower-case hexadecimal digits; whatever is one is safe in a path.
    init?(_ text: String) {
        guard text.isHex(count: 64) else { return nil }
        high = UInt128(hex: text.utf8.prefix(32))
        low = UInt128(hex: text.utf8.suffix(32))
    }

    /// From the two parts of its path: "ab", "cdef….json".
    init?(folder: String, file: String) {
        guard folder.utf8.count == 2, file.hasSuffix(".json") else { return nil }
        self.init(folder + file.dropLast(5))
    }

    /// 64 lower-case hexadecimal digits.
    var text: String {
        String(unsafeUninitializedCapacity: 64) { text in
            write(to: text, at: 0)
            return 64
        }
    }

    /// The folder in `cache`: the first two digits.
    var folder: String { String(text.prefix(2)) }

    /// Below `cache`: "ab/cdef….json".
    var path: String {
        String(unsafeUninitializedCapacity: 70) { path in
            write(to: path, at: 1)
            // The digits of the folder go one place forward and leave room for the slash.
            (path[0], path[1], path[2]) = (path[1], path[2], UInt8(ascii: "/"))
            _ = UnsafeMutableBufferPointer(rebasing: path[65...]).update(fromContentsOf: ".json".utf8)
            return 70
        }
    }

    private func write(to text: UnsafeMutableBufferPointer<UInt8>, at start: Int) {
        high.write(hex: text, at: start)
        low.write(hex: text, at: start + 32)
    }
}
