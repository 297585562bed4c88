// The last lines that a process wrote to stderr: what a person needs to see after it has crashed.

/// Keeps the newest lines, bounded in number and size.
struct LastLines: Equatable, Sendable {
    /// A Swift program's own crash report has about 40 lines below the message that matters.
    static let linesMax = 60
    /// Longer lines keep their beginning.
    static let lineBytesMax = 512

    private var ring: [[UInt8]] = []
    private var oldest = 0

    init() {}

    mutating func append(_ line: LineSplitter.Line) {
        let kept = Array(line.bytes.prefix(Self.lineBytesMax))
        if ring.count < Self.linesMax {
            ring.append(kept)
        } else {
            ring[oldest] = kept
            oldest = (oldest + 1) % Self.linesMax
        }
    }

    /// The lines as text, oldest first.
    var lines: [String] {
        (ring[oldest...] + ring[..<oldest]).map {
            LineSplitter.Line(bytes: $0, cut: 0).text
        }
    }
}
