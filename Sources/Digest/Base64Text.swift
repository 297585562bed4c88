// Base64 of RFC 4648 section 4: read strictly, and written piece by piece.

package enum Base64Text {
    /// The characters that `count` bytes become.
    package static func length(of count: Int) -> Int { (count + 2) / 3 * 4 }

    /// Pieces of a multiple of this many bytes can be encoded one after the other.
    package static let step = 3

    /// - Returns: nil for a character outside of the alphabet (line breaks included), wrong padding, or bits that are no byte's.
    package static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 4) else { return nil }
        let padding = text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        let digits = text.count - padding
        let count = text.count / 4 * 3 - padding
        var isSound = true
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { output, written in
            var collected: UInt32 = 0
            var bits = 0
            for index in 0..<digits {
                let value = values[Int(text[index])]
                guard value < 64 else { break }
                collected = collected << 6 | UInt32(value)
                bits += 6
                if bits >= 8 {
                    bits -= 8
                    output[written] = UInt8(truncatingIfNeeded: collected >> UInt32(bits))
                    written += 1
                }
            }
            isSound = written == count && collected & (1 << UInt32(bits) - 1) == 0
        }
        return isSound ? bytes : nil
    }

    /// With padding at the end, which ends the text.
    package static func encode(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: length(of: bytes.count)) { output, written in
            var index = 0
            while index < bytes.count {
                let second = index + 1 < bytes.count ? bytes[index + 1] : 0
                let third = index + 2 < bytes.count ? bytes[index + 2] : 0
                output[written] = alphabet[Int(bytes[index] >> 2)]
                output[written + 1] = alphabet[Int((bytes[index] & 3) << 4 | second >> 4)]
                output[written + 2] = alphabet[Int((second & 15) << 2 | third >> 6)]
                output[written + 3] = alphabet[Int(third & 63)]
                if index + 1 >= bytes.count { output[written + 2] = UInt8(ascii: "=") }
                if index + 2 >= bytes.count { output[written + 3] = UInt8(ascii: "=") }
                written += 4
                index += step
            }
        }
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()
}
