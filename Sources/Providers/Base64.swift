// Base64 as providers send images in: decoded strictly, so that a damaged text never becomes an image.

package enum Base64 {
    /// The bytes, or nil for a text with any character beyond the alphabet, wrong padding or stray bits.
    package static func decode(_ text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8(decode)
    }

    package static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 4) else { return nil }
        guard !text.isEmpty else { return [] }
        let padding = text[text.count - 1] == pad ? (text[text.count - 2] == pad ? 2 : 1) : 0
        let size = text.count / 4 * 3 - padding
        var isSound = true
        let bytes = [UInt8](unsafeUninitializedCapacity: size + 2) { output, count in
            var at = 0
            for group in stride(from: 0, to: text.count, by: 4) {
                let isLast = group + 4 == text.count
                var word: UInt32 = 0
                for place in group..<group + 4 {
                    let value = isLast && place >= text.count - padding ? 0 : values[Int(text[place])]
                    if value == 255 { isSound = false }
                    word = word << 6 | UInt32(value & 63)
                }
                // What padding cuts off must be zero, else two texts would mean the same bytes.
                if isLast, word & (padding == 2 ? 0xFFFF : padding == 1 ? 0xFF : 0) != 0 { isSound = false }
                output[at] = UInt8(truncatingIfNeeded: word >> 16)
                if at + 1 < size { output[at + 1] = UInt8(truncatingIfNeeded: word >> 8) }
                if at + 2 < size { output[at + 2] = UInt8(truncatingIfNeeded: word) }
                at += 3
            }
            count = size
        }
        return isSound ? bytes : nil
    }

    private static let pad = UInt8(ascii: "=")

    /// The value of each character; 255 where it has none.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, character) in alphabet.utf8.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()
}
