// Where a transfer takes the bytes of its request from.
internal import EdgeLoop

/// The unsent part of a request's body.
struct RequestBody {
    enum Fill: Equatable {
        case bytes(Int)
        /// Nothing is here now; ask again when a piece has come.
        case later
        case abort
    }

    /// What is to be sent next, and how much of it has gone.
    private var piece: [UInt8] = []
    private var position = 0
    private(set) var sent = 0
    private(set) var isAtEnd: Bool
    /// nil: not known before.
    let length: Int?
    let next: (@LoopActor @Sendable () async throws -> [UInt8]?)?

    /// What goes out with its head is at most so large: it fits into any socket's buffer.
    private static let smallBytesMax = 16 << 10

    /// A body that can go out with its head; nil for none, and for what may take a while.
    static func small(_ body: UpstreamRequest.Body, method: String) -> [UInt8]? {
        guard case .bytes(let bytes) = body, (1...smallBytesMax).contains(bytes.count),
            ["POST", "PUT", "PATCH"].contains(method)
        else { return nil }
        return bytes
    }

    /// nil: the request has no body at all, not even an empty one.
    init?(_ body: UpstreamRequest.Body, method: String) {
        switch body {
        case .none:
            guard ["POST", "PUT", "PATCH"].contains(method) else { return nil }
            self.init(piece: [], length: 0, next: nil)
        case .bytes(let bytes): self.init(piece: bytes, length: bytes.count, next: nil)
        case .stream(let length, let next): self.init(piece: [], length: length, next: next)
        }
    }

    private init(piece: [UInt8], length: Int?, next: (@LoopActor @Sendable () async throws -> [UInt8]?)?) {
        self.piece = piece
        self.length = length
        self.next = next
        isAtEnd = next == nil
    }

    var isSentWhole: Bool { position == piece.count && (isAtEnd || sent == length) }

    mutating func fill(_ space: UnsafeMutableRawBufferPointer) -> Fill {
        let count = min(space.count, piece.count - position)
        guard count > 0 else { return isAtEnd ? .bytes(0) : .later }
        piece.withUnsafeBytes {
            space.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + count]))
        }
        position += count
        sent += count
        return .bytes(count)
    }

    /// Takes what the stream gave; nil: its end.
    /// - Throws: what differs from the length that was promised.
    mutating func take(_ more: [UInt8]?) throws(UpstreamError.Reason) {
        if let more {
            piece = more
            position = 0
            if let length, sent + more.count > length {
                throw .bodyFailed("it gave more than the \(length) bytes that it promised")
            }
        } else {
            isAtEnd = true
            if let length, sent < length { throw .bodyFailed("it ended after \(sent) of \(length) bytes") }
        }
    }

    /// Only what is in memory can be sent again.
    mutating func rewind(to offset: Int) -> Bool {
        guard next == nil, (0...piece.count).contains(offset) else { return false }
        position = offset
        sent = offset
        return true
    }
}
