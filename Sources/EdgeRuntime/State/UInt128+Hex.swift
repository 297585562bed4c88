// Hashes and ids held as numbers: a quarter of the memory of their text.
internal import Digest

extension UInt128 {
    /// From up to 32 lower-case hexadecimal digits, which the caller has checked.
    init(hex digits: some Sequence<UInt8>) {
        self = 0
        for digit in digits { self = self << 4 | UInt128(digit < 58 ? digit &- 48 : digit &- 87) }
    }

    /// 32 lower-case hexadecimal digits.
    var hex: String {
        Hex.text(of: (0..<16).map { UInt8(truncatingIfNeeded: self >> UInt128(120 - 8 * $0)) })
    }
}

extension StringProtocol {
    /// Whether this is `count` lower-case hexadecimal digits and nothing else.
    func isHex(count: Int) -> Bool {
        utf8.count == count && utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}
