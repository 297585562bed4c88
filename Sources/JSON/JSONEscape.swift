// Which bytes end the plain part of a JSON string: control characters, the quote and the backslash.

enum JSONEscape {
    @inline(__always)
    static func isNeeded(for byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    /// Whether any of the eight bytes of a word is such a one. Taking a number from each byte sets the top bit of those that are less,
    /// and of those that had it set; the latter are let off again. A quote is a byte that is less than 1 once the quote is taken out by xor.
    @inline(__always)
    static func isNeeded(amongEight word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ ones &* UInt64(UInt8(ascii: "\""))
        let backslash = word ^ ones &* UInt64(UInt8(ascii: "\\"))
        let less = (word &- ones &* 0x20) & ~word | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash
        return less & (ones &* 0x80) != 0
    }
}
