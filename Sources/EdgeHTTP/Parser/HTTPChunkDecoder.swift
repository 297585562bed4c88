// The chunked coding (RFC 9112, 7.1), one byte of framing at a time, so that a message may be cut anywhere.

/// Finds the data in a chunked body. Extensions and trailers are checked, counted and dropped.
struct HTTPChunkDecoder {
    /// The longest line of a chunk's size with its extensions.
    static var chunkLineBytesMax: Int { 4096 }
    /// All extensions of one body together.
    static var extensionBytesMax: Int { 65536 }

    private enum State {
        case size, sizeDigits, beforeExtension, beforeExtensionName, extensionName
        case beforeEquals, beforeExtensionValue, extensionToken, quoted, escaped, afterQuoted, lineFeed
        case data, dataCarriageReturn, dataLineFeed
        case trailerStart, trailerName, trailerValue, trailerLineFeed, lastLineFeed, finished
    }

    enum Step: Equatable {
        /// All bytes were used and more must come.
        case incomplete
        case data(Range<Int>)
        case finished
    }

    private var state = State.size
    private var remaining: UInt64 = 0
    private var lineBytes = 0
    private var extensionBytes = 0
    private var trailerBytes = 0
    private let trailerBytesMax: Int

    /// - Parameter trailerBytesMax: the largest trailer section, usually that of a head.
    init(trailerBytesMax: Int) { self.trailerBytesMax = trailerBytesMax }

    /// Goes on at `index`, which it moves past what it used.
    mutating func next(_ bytes: Bytes, at index: inout Int) throws(HTTPRefusal) -> Step {
        while true {
            if state == .finished { return .finished }
            guard index < bytes.count else { return .incomplete }
            if state == .data {
                let count = Int(min(remaining, UInt64(bytes.count - index)))
                let range = index..<index + count
                remaining -= UInt64(count)
                index += count
                if remaining == 0 { state = .dataCarriageReturn }
                return .data(range)
            }
            let byte = bytes[index]
            index += 1
            try take(byte)
        }
    }

    private mutating func take(_ byte: UInt8) throws(HTTPRefusal) {
        switch state {
        case .size, .sizeDigits:
            try takeSize(byte)
        case .beforeExtension, .beforeExtensionName, .extensionName, .beforeEquals, .beforeExtensionValue,
            .extensionToken, .quoted, .escaped, .afterQuoted:
            try takeExtension(byte)
        case .lineFeed:
            try expect(Byte.lineFeed, byte)
            lineBytes = 0
            state = remaining > 0 ? .data : .trailerStart
        case .dataCarriageReturn:
            guard byte == Byte.carriageReturn else { throw .malformed("a chunk is longer than its size says") }
            state = .dataLineFeed
        case .dataLineFeed:
            try expect(Byte.lineFeed, byte)
            state = .size
        case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed, .lastLineFeed:
            try takeTrailer(byte)
        case .data, .finished:
            return
        }
    }

    private mutating func takeSize(_ byte: UInt8) throws(HTTPRefusal) {
        try countLine()
        if ByteSet.hexDigit.contains(byte) {
            guard remaining < 1 << 58 else { throw .malformed("a chunk's size is larger than any body") }
            remaining = remaining << 4 | Byte.hexValue(byte)
            state = .sizeDigits
            return
        }
        guard state == .sizeDigits else { throw .malformed("a chunk does not begin with its size") }
        switch byte {
        case Byte.carriageReturn: state = .lineFeed
        case Byte.semicolon: state = .beforeExtensionName
        case Byte.space, Byte.tab: state = .beforeExtension
        default: throw .malformed("a chunk's size is not a hexadecimal number")
        }
    }

    /// `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS ( token / quoted-string ) ] )`
    private mutating func takeExtension(_ byte: UInt8) throws(HTTPRefusal) {
        try countLine()
        extensionBytes += 1
        guard extensionBytes <= HTTPChunkDecoder.extensionBytesMax else {
            throw .malformed("the chunk extensions are longer than \(HTTPChunkDecoder.extensionBytesMax) bytes")
        }
        switch (state, byte) {
        case (.quoted, Byte.quote): state = .afterQuoted
        case (.quoted, Byte.backslash): state = .escaped
        case (.quoted, _) where ByteSet.quotedText.contains(byte) || byte >= 0x80: break
        case (.escaped, _) where Byte.isVisible(byte) || Byte.isBlank(byte): state = .quoted
        case (.beforeExtensionName, _) where ByteSet.token.contains(byte): state = .extensionName
        case (.beforeExtensionValue, _) where ByteSet.token.contains(byte): state = .extensionToken
        case (.beforeExtensionValue, Byte.quote): state = .quoted
        case (.extensionName, _) where ByteSet.token.contains(byte): break
        case (.extensionToken, _) where ByteSet.token.contains(byte): break
        case (.extensionName, Byte.equals), (.beforeEquals, Byte.equals): state = .beforeExtensionValue
        case (.extensionName, Byte.semicolon), (.beforeEquals, Byte.semicolon), (.beforeExtension, Byte.semicolon),
            (.extensionToken, Byte.semicolon), (.afterQuoted, Byte.semicolon):
            state = .beforeExtensionName
        case (.extensionName, Byte.carriageReturn), (.extensionToken, Byte.carriageReturn),
            (.afterQuoted, Byte.carriageReturn):
            state = .lineFeed
        case (.extensionName, Byte.space), (.extensionName, Byte.tab): state = .beforeEquals
        case (.extensionToken, Byte.space), (.extensionToken, Byte.tab), (.afterQuoted, Byte.space),
            (.afterQuoted, Byte.tab):
            state = .beforeExtension
        case (.beforeExtension, Byte.space), (.beforeExtension, Byte.tab), (.beforeExtensionName, Byte.space),
            (.beforeExtensionName, Byte.tab), (.beforeEquals, Byte.space), (.beforeEquals, Byte.tab),
            (.beforeExtensionValue, Byte.space), (.beforeExtensionValue, Byte.tab):
            break
        default: throw .malformed("a chunk extension is not ;name or ;name=value")
        }
    }

    private mutating func takeTrailer(_ byte: UInt8) throws(HTTPRefusal) {
        trailerBytes += 1
        guard trailerBytes <= trailerBytesMax else {
            throw HTTPRefusal(status: 431, reason: "the trailer is larger than \(trailerBytesMax) bytes")
        }
        switch (state, byte) {
        case (.trailerStart, Byte.carriageReturn): state = .lastLineFeed
        case (.trailerStart, _) where ByteSet.token.contains(byte): state = .trailerName
        case (.trailerName, Byte.colon): state = .trailerValue
        case (.trailerName, _) where ByteSet.token.contains(byte): break
        case (.trailerValue, Byte.carriageReturn): state = .trailerLineFeed
        case (.trailerValue, _) where Byte.isVisible(byte) || Byte.isBlank(byte): break
        case (.trailerLineFeed, Byte.lineFeed): state = .trailerStart
        case (.lastLineFeed, Byte.lineFeed): state = .finished
        default: throw .malformed("a trailer line is not name: value")
        }
    }

    private mutating func countLine() throws(HTTPRefusal) {
        lineBytes += 1
        guard lineBytes <= HTTPChunkDecoder.chunkLineBytesMax else {
            throw .malformed("a chunk's size line is longer than \(HTTPChunkDecoder.chunkLineBytesMax) bytes")
        }
    }

    private func expect(_ wanted: UInt8, _ byte: UInt8) throws(HTTPRefusal) {
        guard byte == wanted else { throw .malformed("a CR without LF") }
    }
}
