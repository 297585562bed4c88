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
        append(contentsOf: String(number, radix: 16).utf8)
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
        headers.forEachLine { name, value in
            guard !name.isFraming || keepsLength && name.equalsLowercase("content-length") else { return }
            append(contentsOf: name)
            append(": ")
            append(contentsOf: value)
            append("\r\n")
        }
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
