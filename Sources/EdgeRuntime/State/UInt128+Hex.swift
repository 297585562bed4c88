// Hashes and ids held as numbers: a quarter of the memory of their text.
internal import Digest

extension UInt128 {
    /// From 32 lower-case hexadecimal digits, which the caller has checked.
    init(hex digits: Substring.UTF8View) {
        var text = Substring(digits)
        self = text.withUTF8 { digits in
            let high = Hex.number(UnsafeBufferPointer(rebasing: digits[..<16]))
            return UInt128(high) << 64 | UInt128(Hex.number(UnsafeBufferPointer(rebasing: digits[16...])))
        }
    }

    /// 32 lower-case hexadecimal digits.
    var hex: String {
        String(unsafeUninitializedCapacity: 32) { text in
            write(hex: text, at: 0)
            return 32
        }
    }

    /// Writes 32 lower-case hexadecimal digits.
    func write(hex text: UnsafeMutableBufferPointer<UInt8>, at start: Int) {
        Hex.write(UInt64(truncatingIfNeeded: self >> 64), to: text, at: start)
        Hex.write(UInt64(truncatingIfNeeded: self), to: text, at: start + 16)
    }
}

extension String {
    /// Whether this is `count` lower-case hexadecimal digits and nothing else.
    func isHex(count: Int) -> Bool {
        guard utf8.count == count else { return false }
        var text = self
        return text.withUTF8 { $0.allSatisfy { (48...57).contains($0) || (97...102).contains($0) } }
    }
}
