// Short ASCII texts of numbers and marks, built without formatting machinery.

struct TextBuilder {
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    private var count = 0

    /// A text that is written by `body`, of at most `capacity` bytes.
    static func text(capacity: Int, _ body: (inout TextBuilder) -> Void) -> String {
        String(unsafeUninitializedCapacity: capacity) { bytes in
            var text = TextBuilder(bytes: bytes)
            body(&text)
            return text.count
        }
    }

    private init(bytes: UnsafeMutableBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func add(_ text: StaticString) {
        text.withUTF8Buffer { text in
            for byte in text {
                bytes[count] = byte
                count += 1
            }
        }
    }

    /// Adds a number that is not negative, with leading zeros.
    mutating func add(_ number: Int, digits: Int) {
        var rest = UInt(number)
        var place = count + digits
        while place > count {
            place -= 1
            bytes[place] = 48 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += digits
    }
}
