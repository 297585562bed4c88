// Cuts what a server sent into heads and bodies.

/// Reads answers from bytes as they come. Strict enough to notice a server's mistakes.
struct ProbeReader {
    private enum Framing { case none, length(Int), chunked, untilClose }

    private var bytes: [UInt8] = []
    private var framing = Framing.none
    private var chunkLeft: Int?

    struct Malformed: Error, CustomStringConvertible {
        let reason: String
        let bytes: [UInt8]
        var description: String {
            "the answer is malformed: \(reason): \(String(decoding: bytes.prefix(400), as: UTF8.self))"
        }
    }

    var isEmpty: Bool { bytes.isEmpty }
    var rest: [UInt8] { bytes }

    mutating func take(_ more: some Collection<UInt8>) { bytes += more }

    /// The next head, when all of it is here. Its body follows through ``nextPiece(isClosed:)``.
    mutating func nextHead(isAnswerToHead: Bool) throws -> ProbeAnswer? {
        guard let end = firstIndex(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(
            separator: "\r\n",
            omittingEmptySubsequences: false
        )
        let words = lines[0].split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
            throw Malformed(reason: "no status line", bytes: bytes)
        }
        bytes.removeFirst(end + 4)
        var answer = ProbeAnswer()
        answer.status = status
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw Malformed(reason: "no header line: \(line)", bytes: bytes) }
            answer.headers.append((String(parts[0]), String(parts[1].drop { $0 == " " })))
        }
        if isAnswerToHead || status < 200 || status == 204 || status == 304 {
            framing = .none
        } else if answer["Transfer-Encoding"]?.lowercased() == "chunked" {
            framing = .chunked
        } else if let text = answer["Content-Length"] {
            guard let length = Int(text) else { throw Malformed(reason: "Content-Length \(text)", bytes: bytes) }
            framing = .length(length)
        } else {
            framing = .untilClose
        }
        return answer
    }

    enum Piece {
        case bytes([UInt8])
        case end
        /// More must come first.
        case missing
    }

    /// The next bytes of the body.
    mutating func nextPiece(isClosed: Bool) throws -> Piece {
        switch framing {
        case .none: return .end
        case .length(0):
            framing = .none
            return .end
        case .length(let left):
            guard !bytes.isEmpty else {
                guard !isClosed else { throw Malformed(reason: "closed \(left) bytes before the end", bytes: bytes) }
                return .missing
            }
            let piece = Array(bytes.prefix(left))
            bytes.removeFirst(piece.count)
            framing = .length(left - piece.count)
            return .bytes(piece)
        case .untilClose:
            guard bytes.isEmpty else {
                defer { bytes = [] }
                return .bytes(bytes)
            }
            return isClosed ? .end : .missing
        case .chunked:
            let piece = try nextChunkPiece()
            if case .missing = piece, isClosed { throw Malformed(reason: "closed inside a chunked body", bytes: bytes) }
            return piece
        }
    }

    private mutating func nextChunkPiece() throws -> Piece {
        if chunkLeft == nil {
            guard let line = firstIndex(of: [13, 10]) else { return .missing }
            let text = String(decoding: bytes[..<line], as: UTF8.self)
            guard let size = Int(text.prefix { $0 != ";" }, radix: 16) else {
                throw Malformed(reason: "no chunk size: \(text)", bytes: bytes)
            }
            guard size > 0 else {
                guard bytes.count >= line + 4 else { return .missing }
                bytes.removeFirst(line + 4)
                framing = .none
                return .end
            }
            bytes.removeFirst(line + 2)
            chunkLeft = size
        }
        guard let left = chunkLeft, bytes.count >= left + 2 else { return .missing }
        let piece = Array(bytes.prefix(left))
        bytes.removeFirst(left + 2)
        chunkLeft = nil
        return .bytes(piece)
    }

    private func firstIndex(of pattern: [UInt8]) -> Int? {
        guard bytes.count >= pattern.count else { return nil }
        return bytes.withUnsafeBufferPointer { bytes in
            (0...(bytes.count - pattern.count)).first { start in
                bytes[start] == pattern[0] && bytes[start..<start + pattern.count].elementsEqual(pattern)
            }
        }
    }
}
