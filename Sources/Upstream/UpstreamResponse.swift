// An answer: its head at once, its body as the caller pulls it.
public import EdgeLoop

/// The answer of an upstream, of whatever status.
public struct UpstreamResponse: Sendable {
    public let status: Int
    public let headers: UpstreamHeaders
    /// Where it came from, after redirects.
    public let url: String
    public let body: UpstreamBody
}

/// The body of an answer. Letting go of it before its end closes the connection.
@LoopActor
public final class UpstreamBody {
    private let transfer: Transfer
    private let lengthHint: Int

    init(_ transfer: Transfer, lengthHint: Int) {
        self.transfer = transfer
        self.lengthHint = lengthHint
    }

    /// The next bytes; nil after the last. The upstream waits while nobody pulls.
    /// - Throws: ``UpstreamError`` when the body is cut short, stands still, or is larger than the request allows.
    public func next() async throws(UpstreamError) -> [UInt8]? {
        try await transfer.next()
    }

    /// What ``next()`` gives, where it need not wait for it: mostly all has come with the head.
    package func takePresent() -> Result<[UInt8]?, UpstreamError>? { transfer.takePresent() }

    /// All that is left of it.
    /// - Throws: as ``next()``.
    public func collect() async throws(UpstreamError) -> [UInt8] {
        guard var all = try await next() else { return [] }
        all.reserveCapacity(lengthHint)
        while let more = try await next() { all += more }
        return all
    }

    /// Ends the transfer: nothing more is received.
    public func cancel() { transfer.end(.cancelled) }

    isolated deinit { transfer.end(.cancelled) }
}
