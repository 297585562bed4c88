// Base64 as providers send images in: decoded strictly, so that a damaged text never becomes an image.

package enum Base64 {
    /// The bytes, or nil for a text with any character beyond the alphabet, wrong padding or stray bits.
    package static func decode(_ text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8(decode)
    }

    package static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var stream = Base64Stream()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        let isGood = stream.takeWhole(UnsafeRawBufferPointer(text), into: &bytes)
        return isGood && stream.isWhole ? bytes : nil
    }

    /// How many bytes at the front are characters of the alphabet, looked for up to `most`.
    static func run(in text: UnsafeRawBufferPointer, upTo most: Int) -> Int {
        values.withUnsafeBufferPointer { values in
            let end = min(text.count, most)
            var at = 0
            while at < end, values[Int(text[at])] != 255 { at &+= 1 }
            return at
        }
    }

    /// The value of each character; 255 where it has none.
    static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, character) in alphabet.utf8.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()
}
