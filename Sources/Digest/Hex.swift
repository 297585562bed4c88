// Bytes and numbers as lower-case hexadecimal text, and back.

package enum Hex {
    /// Two lower-case digits for each byte.
    @inlinable
    package static func text(of bytes: some Collection<UInt8>) -> String {
        let count = bytes.count * 2
        return String(unsafeUninitializedCapacity: count) { text in
            var index = 0
            for byte in bytes {
                text[index] = digit(byte >> 4)
                text[index + 1] = digit(byte & 15)
                index += 2
            }
            return count
        }
    }

    /// Writes the last `count` digits of a number, zeros in front.
    package static func write(
        _ number: UInt64,
        digits count: Int = 16,
        to text: UnsafeMutableBufferPointer<UInt8>,
        at start: Int
    ) {
        var rest = number
        var index = start + count
        while index > start {
            index -= 1
            text[index] = digit(UInt8(truncatingIfNeeded: rest & 15))
            rest >>= 4
        }
    }

    /// The number that up to 16 lower-case digits write; the caller has checked that they are digits.
    package static func number(_ digits: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var number: UInt64 = 0
        for digit in digits { number = number << 4 | UInt64(digit & 15 &+ 9 &* (digit >> 6)) }  // letters are 0x61 ...
        return number
    }

    @inlinable
    package static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
}
