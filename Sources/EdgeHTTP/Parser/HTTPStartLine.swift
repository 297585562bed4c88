// Start lines: one space between their parts, one version, CR LF (RFC 9112, 3 and 4).

extension HTTPHead {
    /// Longer methods than this exist nowhere: 501.
    static var methodBytesMax: Int { 64 }

    /// The position after the request line, or nil when its end has not come yet.
    func readRequestLine(_ bytes: Bytes, from start: Int) throws(HTTPRefusal) -> Int? {
        var index = start
        while index < bytes.count, ByteSet.token.contains(bytes[index]) { index &+= 1 }
        guard index &- start <= HTTPHead.methodBytesMax else {
            throw HTTPRefusal(status: 501, reason: "the method is longer than any that exists")
        }
        guard index < bytes.count else { return nil }
        guard bytes[index] == Byte.space, index > start else {
            throw .malformed("the request line does not begin with a method and one space")
        }
        method = start..<index
        index &+= 1
        let targetStart = index
        while index < bytes.count, Byte.isVisible(bytes[index]), bytes[index] < 0x80 { index &+= 1 }
        guard index < bytes.count else { return nil }
        guard bytes[index] == Byte.space, index > targetStart else { throw invalidTargetEnd(bytes[index]) }
        target = targetStart..<index
        index &+= 1
        guard let major = try readVersion(bytes, at: index) else { return nil }
        guard let end = try endOfLine(bytes, at: index &+ 8) else { return nil }
        guard major == 1 else { throw unsupportedVersion }
        targetParts = try HTTPTarget(bytes.part(target), method: bytes.part(method))
        return end
    }

    /// The position after the status line, or nil when its end has not come yet.
    func readStatusLine(_ bytes: Bytes) throws(HTTPRefusal) -> Int? {
        guard let major = try readVersion(bytes, at: 0) else { return nil }
        guard major == 1 else { throw unsupportedVersion }
        guard bytes.count > 8 else { return nil }
        guard bytes[8] == Byte.space else { throw .malformed("no space after the version in the status line") }
        var code = 0
        for index in 9..<12 {
            guard index < bytes.count else { return nil }
            guard Byte.isDigit(bytes[index]) else { throw .malformed("the status is not three digits") }
            code = code * 10 + Int(bytes[index] &- Byte.zero)
        }
        guard code >= 100 else { throw .malformed("the status is below 100") }
        status = code
        guard bytes.count > 12 else { return nil }
        // The space is required even before no reason phrase at all, but several servers leave both away.
        if bytes[12] == Byte.carriageReturn {
            reasonPhrase = 12..<12
            return try endOfLine(bytes, at: 12)
        }
        guard bytes[12] == Byte.space else { throw .malformed("the status is not three digits") }
        let end = bytes.endOfFieldText(from: 13)
        reasonPhrase = 13..<end
        return try endOfLine(bytes, at: end)
    }

    /// The digit of the major version of "HTTP/d.d" at `start`, or nil when it has not come in full.
    private func readVersion(_ bytes: Bytes, at start: Int) throws(HTTPRefusal) -> UInt8? {
        let name: StaticString = "HTTP/"
        for offset in 0..<8 {
            let index = start &+ offset
            guard index < bytes.count else { return nil }
            let byte = bytes[index]
            let isRight =
                switch offset {
                case 0..<5: byte == name.utf8Start[offset]
                case 6: byte == Byte.dot
                default: Byte.isDigit(byte)
                }
            guard isRight else { throw .malformed("the version is not HTTP/ and two digits with a dot") }
        }
        // A higher minor version means what the highest known one means (RFC 9110, 2.5).
        minorVersion = bytes[start &+ 7] == Byte.zero ? 0 : 1
        return bytes[start &+ 5] &- Byte.zero
    }

    private func endOfLine(_ bytes: Bytes, at index: Int) throws(HTTPRefusal) -> Int? {
        guard index < bytes.count else { return nil }
        guard bytes[index] == Byte.carriageReturn else { throw .malformed("the start line does not end in CR LF") }
        guard index &+ 1 < bytes.count else { return nil }
        guard bytes[index &+ 1] == Byte.lineFeed else { throw .malformed("a CR without LF") }
        return index &+ 2
    }

    private var unsupportedVersion: HTTPRefusal {
        HTTPRefusal(status: 505, reason: "only HTTP/1.1 and HTTP/1.0 are spoken here")
    }

    private func invalidTargetEnd(_ byte: UInt8) -> HTTPRefusal {
        switch byte {
        case Byte.carriageReturn, Byte.lineFeed: .malformed("the request line has no version")
        case Byte.space: .malformed("the request line has two spaces in a row")
        default: .malformed("the request target has a character that must be percent-encoded")
        }
    }
}
