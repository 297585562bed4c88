// Cuts a stream of output into lines of bounded length.

/// Takes bytes as they come and gives whole lines. What a line has beyond ``bytesMax`` is counted and dropped.
struct LineSplitter {
    /// One line without its end. May be anything: text is not promised.
    struct Line: Equatable, Sendable {
        var bytes: [UInt8] = []
        /// How many bytes were cut off at the end.
        var cut = 0

        /// The line as text: invalid UTF-8 is replaced, and the cut is marked.
        var text: String {
            guard cut > 0 else { return String(decoding: bytes, as: UTF8.self) }
            return String(decoding: bytes[..<endOfWholeCharacters], as: UTF8.self) + " [\(cut) more bytes]"
        }

        /// The cut may have hit the middle of a character; the half that is left must not look like invalid text.
        private var endOfWholeCharacters: Int {
            for back in 1...3 where back <= bytes.count {
                let byte = bytes[bytes.count - back]
                if byte & 0xC0 == 0x80 { continue }
                let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
                return length > back ? bytes.count - back : bytes.count
            }
            return bytes.count
        }
    }

    /// The longest line that is kept.
    static let bytesMax = 8 << 10

    private var line = Line()

    init() {}

    /// Calls `body` for each line that ends in `bytes`. Empty lines are left out.
    mutating func push(_ bytes: UnsafeRawBufferPointer, _ body: (Line) -> Void) {
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n"))
            keep(UnsafeRawBufferPointer(rebasing: bytes[start..<(end ?? bytes.count)]))
            guard let end else { return }
            finish(body)
            start = end + 1
        }
    }

    /// Gives the last line, which has no end.
    mutating func finish(_ body: (Line) -> Void) {
        if line.cut == 0, line.bytes.last == UInt8(ascii: "\r") { line.bytes.removeLast() }
        if !line.bytes.isEmpty { body(line) }
        line.bytes.removeAll(keepingCapacity: true)
        line.cut = 0
    }

    private mutating func keep(_ part: UnsafeRawBufferPointer) {
        let kept = min(part.count, Self.bytesMax - line.bytes.count)
        line.bytes += part[..<kept]
        line.cut += part.count - kept
    }
}
