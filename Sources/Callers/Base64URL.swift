// Base64 of URLs without padding (RFC 4648, 5), strictly: one text for each value.

enum Base64URL {
    /// Nil for letters outside the alphabet, padding, and bits beyond the last byte.
    static func bytes(of text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 3 / 4)
        var bits: UInt32 = 0
        var count: UInt32 = 0
        for letter in text.utf8 {
            guard let value = value(letter) else { return nil }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
                bits &= (1 << count) - 1
            }
        }
        return count < 6 && bits == 0 ? bytes : nil
    }

    private static func value(_ letter: UInt8) -> UInt32? {
        switch letter {
        case 65...90: UInt32(letter - 65)
        case 97...122: UInt32(letter - 71)
        case 48...57: UInt32(letter + 4)
        case 45: 62
        case 95: 63
        default: nil
        }
    }
}
