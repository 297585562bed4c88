// The bytes of a JSON text, written piece by piece.

/// An array would do. But each appending to one asks who else holds it, and JSON consists of short pieces.
struct ByteWriter: ~Copyable {
    private var bytes: UnsafeMutableBufferPointer<UInt8>
    private var count = 0

    init(capacity: Int) { bytes = .allocate(capacity: capacity) }

    deinit { bytes.deallocate() }

    /// What has been written.
    var written: [UInt8] { Array(bytes[..<count]) }

    mutating func append(_ byte: UInt8) {
        makeRoom(for: 1)
        put(byte)
    }

    mutating func append(_ word: StaticString) {
        word.withUTF8Buffer { word in
            makeRoom(for: word.count)
            for byte in word { put(byte) }
        }
    }

    /// A string in quotes, with the escapes that JSON requires.
    mutating func append(quoted text: UnsafeBufferPointer<UInt8>) {
        makeRoom(for: text.count + 2)
        put(UInt8(ascii: "\""))
        var index = 0
        // Eight at once, as far as there is no escape.
        while index + 8 <= text.count {
            let word = UnsafeRawBufferPointer(text).loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if JSONEscape.isNeeded(amongEight: word) { break }
            UnsafeMutableRawBufferPointer(bytes).storeBytes(of: word, toByteOffset: count, as: UInt64.self)
            count += 8
            index += 8
        }
        while index < text.count {
            let byte = text[index]
            index += 1
            if JSONEscape.isNeeded(for: byte) {
                append(escapeOf: byte)
                makeRoom(for: text.count - index + 1)  // of which the escape may have taken a part
            } else {
                put(byte)
            }
        }
        put(UInt8(ascii: "\""))
    }

    /// Room has been made.
    @inline(__always)
    private mutating func put(_ byte: UInt8) {
        bytes[count] = byte
        count += 1
    }

    private mutating func append(escapeOf byte: UInt8) {
        switch byte {
        case 0x22: append("\\\"")
        case 0x5c: append("\\\\")
        case 0x08: append("\\b")
        case 0x0c: append("\\f")
        case 0x0a: append("\\n")
        case 0x0d: append("\\r")
        case 0x09: append("\\t")
        default:
            append("\\u00")
            append(48 + byte >> 4)
            append(byte & 15 < 10 ? 48 + byte & 15 : 87 + byte & 15)
        }
    }

    /// The decimal digits of a number.
    mutating func append(digitsOf number: UInt64) {
        var length = 1
        var rest = number
        while rest >= 10 {
            rest /= 10
            length += 1
        }
        makeRoom(for: length)
        rest = number
        var place = count + length
        while place > count {
            place -= 1
            bytes[place] = 48 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += length
    }

    @inline(__always)
    private mutating func makeRoom(for more: Int) {
        if bytes.count - count < more { grow(for: more) }
    }

    private mutating func grow(for more: Int) {
        let larger = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(bytes.count * 2, count + more))
        _ = larger.update(fromContentsOf: bytes[..<count])
        bytes.deallocate()
        bytes = larger
    }
}
