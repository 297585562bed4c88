// Makes lines of what a function writes to stdout or stderr, with the secrets taken out before a line is cut.
package import Secrets

/// The lines in a stream that arrives in pieces. Secrets are replaced first, so that a piece or a line that ends inside
/// of one hides it all the same.
package struct FunctionOutput: Sendable {
    /// A longer line is cut into lines of this length, in bytes.
    package static let lineBytesMax = 8 * 1024

    private var stream: RedactingStream
    private var pending: [UInt8] = []

    package init(redactor: Redactor) { stream = RedactingStream(redactor) }

    /// Takes the next piece; `line` gets every line that is complete now, without its end.
    package mutating func push(_ piece: [UInt8], _ line: (String) -> Void) {
        stream.push(piece, into: &pending)
        deliver(line)
    }

    /// Gives out what is left: at the end, or when nothing has come for a while.
    package mutating func finish(_ line: (String) -> Void) {
        stream.finish(into: &pending)
        deliver(line)
        if !pending.isEmpty { line(String(decoding: pending, as: UTF8.self)) }
        pending.removeAll()
    }

    private mutating func deliver(_ line: (String) -> Void) {
        var start = 0
        while start < pending.count {
            let window = pending[start..<min(start + Self.lineBytesMax + 1, pending.count)]
            if let end = window.firstIndex(of: 0x0A) {
                let isWindowsEnd = end > start && pending[end - 1] == 0x0D
                line(String(decoding: pending[start..<(isWindowsEnd ? end - 1 : end)], as: UTF8.self))
                start = end + 1
            } else if window.count > Self.lineBytesMax {
                var end = start + Self.lineBytesMax
                // Not inside of a character: its later bytes begin with the bits 10.
                while end > start + Self.lineBytesMax - 4, pending[end] & 0xC0 == 0x80 { end -= 1 }
                line(String(decoding: pending[start..<end], as: UTF8.self))
                start = end
            } else {
                break
            }
        }
        pending.removeFirst(start)
    }
}
