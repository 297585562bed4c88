// The writing end of a streamed answer.
public import EdgeLoop

/// Who carries a streamed body to the peer.
@LoopActor
protocol HTTPBodySink: AnyObject {
    func writePart(_ bytes: [UInt8]) throws
    func flushHead() throws
    var isCongested: Bool { get }
    func drained() async throws
}

/// The body that was written does not have the length that was declared.
public struct HTTPLengthMismatch: Error, Equatable {
    public let declared: Int
    public let written: Int
}

/// Writes a body part by part. Valid while the closure that got it runs.
@LoopActor
public final class HTTPBodyWriter {
    private let sink: any HTTPBodySink
    /// Bytes of the body that were handed over so far.
    public private(set) var bytesWritten = 0

    init(_ sink: any HTTPBodySink) { self.sink = sink }

    /// Sends a part, and waits while the client is slow.
    /// - Throws: ``HTTPBodyError/closed`` when the client has left, `CancellationError` when the task was cancelled,
    ///   ``HTTPLengthMismatch`` when the part passes the declared length.
    public func write(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        try sink.writePart(bytes)
        bytesWritten += bytes.count
        if sink.isCongested { try await sink.drained() }
    }

    /// The same for text, as UTF-8.
    public func write(_ text: String) async throws { try await write(Array(text.utf8)) }

    /// Sends the head now, before there is a first part. It goes by itself when the closure first waits.
    public func flush() throws { try sink.flushHead() }
}
