// Building heads: bytes appended to an array, without strings on the way.

extension [UInt8] {
    @inline(__always)
    mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(decimal number: Int) {
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)  // 24 bytes: no 64-bit number is longer
        Swift.withUnsafeMutableBytes(of: &digits) { digits in
            var index = digits.count
            var rest = number.magnitude
            repeat {
                index -= 1
                digits[index] = Byte.zero + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            append(contentsOf: digits[index...])
        }
    }

    mutating func append(hexadecimal number: Int) {
        append(utf8Of: String(number, radix: 16))
    }

    /// `HTTP/1.1 200 OK` and its line end.
    mutating func append(statusLine status: Int) {
        append("HTTP/1.1 ")
        append(decimal: status)
        append(" ")
        append(HTTPStatus.phrase(status))
        append("\r\n")
    }

    /// All lines but those that are the connection's business, and Content-Length, which the caller decides.
    mutating func append(_ headers: HTTPHeaders, keepsLength: Bool = false) {
        // Put together apart: each growth of an array has its own price, and a head has some fifty parts.
        withUnsafeTemporaryAllocation(byteCount: headers.sentBytesMax, alignment: 1) { room in
            var end = 0
            headers.forEachLine { name, value in
                guard !name.isFraming || keepsLength && name.equalsLowercase("content-length") else { return }
                end = room.put(name, at: end)
                room[end] = Byte.colon
                room[end + 1] = Byte.space
                end = room.put(value, at: end + 2)
                room[end] = Byte.carriageReturn
                room[end + 1] = Byte.lineFeed
                end += 2
            }
            append(contentsOf: UnsafeRawBufferPointer(rebasing: room[..<end]))
        }
    }

    /// The bytes of a string, without an iteration over its characters.
    mutating func append(utf8Of text: String) {
        var text = text
        text.withUTF8 { append(contentsOf: $0) }
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Copies `bytes` to `index`, and gives the index behind them.
    fileprivate func put(_ bytes: UnsafeRawBufferPointer, at index: Int) -> Int {
        UnsafeMutableRawBufferPointer(rebasing: self[index...]).copyMemory(from: bytes)
        return index + bytes.count
    }
}

extension UnsafeRawBufferPointer {
    /// Fields that say how this connection carries the message.
    fileprivate var isFraming: Bool {
        switch count {
        case 7: equalsLowercase("upgrade") || equalsLowercase("trailer")
        case 10: equalsLowercase("connection") || equalsLowercase("keep-alive")
        case 14: equalsLowercase("content-length")
        case 16: equalsLowercase("proxy-connection")
        case 17: equalsLowercase("transfer-encoding")
        default: false
        }
    }
}
