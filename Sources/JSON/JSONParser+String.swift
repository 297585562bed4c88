// Strings: copied as they are when they hold no escape, which is nearly always.

extension JSONParser {
    /// Reads a string whose opening quote is at the present position.
    mutating func string() throws(JSONError) -> String {
        let start = position + 1
        position = start
        let end = try plainEnd()
        guard bytes[end] == UInt8(ascii: "\\") else {
            position = end + 1
            return try text(of: UnsafeBufferPointer(rebasing: bytes[start..<end]), from: start)
        }
        var unescaped: [UInt8] = []
        var pieceStart = start
        var pieceEnd = end
        while true {
            // Every piece is checked by itself: an escape cannot finish a character that a piece leaves half done.
            let piece = UnsafeBufferPointer(rebasing: bytes[pieceStart..<pieceEnd])
            try check(piece, from: pieceStart)
            unescaped.append(contentsOf: piece)
            position = pieceEnd
            if bytes[pieceEnd] == UInt8(ascii: "\"") {
                position += 1
                return String(decoding: unescaped, as: UTF8.self)
            }
            try escape(into: &unescaped)
            pieceStart = position
            pieceEnd = try plainEnd()
        }
    }

    /// The position of the next quote or backslash.
    private func plainEnd() throws(JSONError) -> Int {
        var end = position
        while end + 8 <= bytes.count {
            let word = UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: end, as: UInt64.self)
            if JSONEscape.isNeeded(amongEight: word) { break }
            end += 8
        }
        while end < bytes.count {
            let byte = bytes[end]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return end }
            if byte < 0x20 {
                throw error("a control character in a string; write it as an escape such as \\n", at: end)
            }
            end += 1
        }
        throw error("the string has no closing quote", at: bytes.count)
    }

    private func text(of piece: UnsafeBufferPointer<UInt8>, from start: Int) throws(JSONError) -> String {
        do { return String(copying: try UTF8Span(validating: piece.span)) } catch {
            throw self.error("bytes that are not UTF-8", at: start + error.byteOffsets.lowerBound)
        }
    }

    private func check(_ piece: UnsafeBufferPointer<UInt8>, from start: Int) throws(JSONError) {
        do { _ = try UTF8Span(validating: piece.span) } catch {
            throw self.error("bytes that are not UTF-8", at: start + error.byteOffsets.lowerBound)
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        let start = position
        guard start + 1 < bytes.count else { throw error("the string has no closing quote", at: bytes.count) }
        position += 2
        switch bytes[start + 1] {
        case UInt8(ascii: "\""): text.append(0x22)
        case UInt8(ascii: "\\"): text.append(0x5c)
        case UInt8(ascii: "/"): text.append(0x2f)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: try scalar(from: start).utf8)
        default: throw error("an unknown escape; known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u", at: start)
        }
    }

    private mutating func scalar(from start: Int) throws(JSONError) -> String {
        let first = try fourDigits(from: start)
        if let scalar = Unicode.Scalar(first) { return String(scalar) }
        guard first < 0xdc00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { throw error("half of a surrogate pair", at: start) }
        position += 2
        let second = try fourDigits(from: start)
        guard (0xdc00...0xdfff).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
        else { throw error("half of a surrogate pair", at: start) }
        return String(scalar)
    }

    private mutating func fourDigits(from start: Int) throws(JSONError) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count else { throw error("the string has no closing quote", at: bytes.count) }
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt32(byte - 48)
            case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt32(byte - 87)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): number = number << 4 | UInt32(byte - 55)
            default: throw error("\\u needs four hexadecimal digits", at: start)
            }
            position += 1
        }
        return number
    }
}
