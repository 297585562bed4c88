// One field line: a token, a colon at once, a value without control characters, CR LF (RFC 9112, 5).

enum HTTPFieldLine {
    /// Reads the line at `start`, or returns nil when its end has not come yet.
    @inline(__always)
    static func read(_ bytes: Bytes, from start: Int) throws(HTTPRefusal) -> (field: HTTPField, end: Int)? {
        var index = start
        while index < bytes.count, ByteSet.token.contains(bytes[index]) { index &+= 1 }
        guard index < bytes.count else { return nil }
        guard bytes[index] == Byte.colon, index > start else { throw invalidName(bytes, at: index, start: start) }
        let nameCount = index &- start
        index &+= 1
        while index < bytes.count, Byte.isBlank(bytes[index]) { index &+= 1 }
        let valueStart = index
        index = bytes.endOfFieldText(from: index)
        guard index < bytes.count else { return nil }
        guard bytes[index] == Byte.carriageReturn else { throw invalidValue(bytes[index]) }
        guard index &+ 1 < bytes.count else { return nil }
        guard bytes[index &+ 1] == Byte.lineFeed else { throw .malformed("a CR without LF") }
        var valueEnd = index
        while valueEnd > valueStart, Byte.isBlank(bytes[valueEnd &- 1]) { valueEnd &-= 1 }
        let field = HTTPField(
            nameStart: UInt32(truncatingIfNeeded: start),
            nameCount: UInt32(truncatingIfNeeded: nameCount),
            valueStart: UInt32(truncatingIfNeeded: valueStart),
            valueCount: UInt32(truncatingIfNeeded: valueEnd &- valueStart)
        )
        return (field, index &+ 2)
    }

    private static func invalidName(_ bytes: Bytes, at index: Int, start: Int) -> HTTPRefusal {
        switch bytes[index] {
        case Byte.space, Byte.tab:
            index == start
                ? .malformed("a header line begins with white space")
                : .malformed("white space before a header's colon")
        case Byte.colon: .malformed("a header has no name")
        case Byte.lineFeed: .malformed("a LF without CR")
        case Byte.carriageReturn: .malformed("a header line has no colon")
        default: .malformed("a header's name has a character that names cannot have")
        }
    }

    private static func invalidValue(_ byte: UInt8) -> HTTPRefusal {
        byte == Byte.lineFeed ? .malformed("a LF without CR") : .malformed("a header's value has a control character")
    }
}
