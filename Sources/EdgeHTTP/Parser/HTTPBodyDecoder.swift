// One view of the four ways in which a body can end.

/// Finds the data of one body in the bytes after its head.
struct HTTPBodyDecoder {
    typealias Step = HTTPChunkDecoder.Step

    private enum Kind {
        case length(Int)
        case chunked(HTTPChunkDecoder)
        case untilClose
    }

    private var kind: Kind

    /// - Parameter trailerBytesMax: the largest trailer section of a chunked body.
    init(_ body: HTTPFraming.Body, trailerBytesMax: Int) {
        switch body {
        case .none: kind = .length(0)
        case .length(let length): kind = .length(length)
        case .chunked: kind = .chunked(HTTPChunkDecoder(trailerBytesMax: trailerBytesMax))
        case .untilClose: kind = .untilClose
        }
    }

    /// Whether the end of the connection is the proper end of this body and not a cut.
    var endsAtClose: Bool {
        if case .untilClose = kind { return true }
        return false
    }

    /// Goes on at `index`, which it moves past what it used.
    mutating func next(_ bytes: Bytes, at index: inout Int) throws(HTTPRefusal) -> Step {
        switch kind {
        case .length(0):
            return .finished
        case .length(let left):
            guard index < bytes.count else { return .incomplete }
            let range = index..<min(bytes.count, index + min(left, bytes.count - index))
            index = range.upperBound
            kind = .length(left - range.count)
            return .data(range)
        case .chunked(var decoder):
            defer { kind = .chunked(decoder) }
            return try decoder.next(bytes, at: &index)
        case .untilClose:
            guard index < bytes.count else { return .incomplete }
            let range = index..<bytes.count
            index = bytes.count
            return .data(range)
        }
    }
}
