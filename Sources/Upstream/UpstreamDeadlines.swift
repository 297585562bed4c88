// How long the steps of one call may take.

/// The time limits of one call. Each has its own error, so that a caller can tell a dead host from a slow model.
public struct UpstreamDeadlines: Sendable, Equatable {
    /// To find the address, connect and agree on TLS; for each redirect again.
    public var connect: Duration
    /// From the last byte of the request to the head of its answer; for each redirect again.
    public var firstByte: Duration
    /// Between two pieces of the request's or the answer's body. Does not count while the caller is the one who is slow.
    public var idle: Duration
    /// For all of it, redirects and the whole body included.
    public var total: Duration

    public init(
        connect: Duration = .seconds(10),
        firstByte: Duration = .seconds(120),
        idle: Duration = .seconds(30),
        total: Duration = .seconds(300)
    ) {
        self.connect = connect
        self.firstByte = firstByte
        self.idle = idle
        self.total = total
    }
}
