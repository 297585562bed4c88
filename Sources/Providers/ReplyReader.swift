// Reads the body of an answer from the network: a small one on the loop, a large one on the pool, since files block.
internal import EdgeLoop
internal import Synchronization
internal import Upstream

@LoopActor
enum ReplyReader {
    /// Up to here nothing is written to a file, and decoding takes no time worth a change of thread.
    private static let inlineBytesMax = Spool.heldBytesMax

    /// - Throws: ``UpstreamError`` or ``SpoolError``.
    static func read(_ source: UpstreamBody) async throws -> ReplyBody.Parts {
        let body = SharedBody()
        var received = 0
        while true {
            let piece = if let present = source.takePresent() { try present.get() } else { try await source.next() }
            guard let piece else { return body.parts }
            received += piece.count
            if received <= inlineBytesMax {
                try body.take(piece)
            } else {
                try await Pool.run { try body.take(piece) }
            }
        }
    }

    /// Reads an event stream until `onEvent` says false, or to its end.
    /// - Returns: the last event.
    static func readEvents(
        _ source: UpstreamBody,
        _ onEvent: @LoopActor (ReplyBody.Parts) async -> Bool
    ) async throws -> ReplyBody.Parts {
        let stream = SharedStream()
        var received = 0
        var last = ReplyBody.Parts()
        while let piece = try await source.next() {
            received += piece.count
            let events =
                received <= inlineBytesMax ? try stream.take(piece) : try await Pool.run { try stream.take(piece) }
            for event in events {
                last = event
                guard await onEvent(event) else { return last }
            }
        }
        if let event = stream.takeRest() {
            last = event
            _ = await onEvent(event)
        }
        return last
    }

    /// Used by one thread after the other.
    private final class SharedStream: Sendable {
        private let stream = Mutex(EventStream())

        func take(_ piece: [UInt8]) throws(SpoolError) -> [ReplyBody.Parts] {
            try stream.withLock { (stream) throws(SpoolError) in
                try piece.withBytes { (piece) throws(SpoolError) in try stream.take(piece) }
            }
        }

        func takeRest() -> ReplyBody.Parts? { stream.withLock { $0.takeRest() } }
    }

    /// Used by one thread after the other.
    private final class SharedBody: Sendable {
        private let body = Mutex(ReplyBody())

        func take(_ piece: [UInt8]) throws(SpoolError) {
            try body.withLock { (body) throws(SpoolError) in try body.take(piece) }
        }

        var parts: ReplyBody.Parts { body.withLock { $0.parts } }
    }
}
