// Every size and every wait of a server connection, with the defaults that are on when nobody sets them.

/// The limits of a server.
package struct HTTPLimits: Sendable {
    /// The largest request head; beyond: 431, or 414 when the request line alone is larger.
    package var headBytes = 16_384
    /// From the first byte of a head to its end; beyond: 408.
    package var headTime: Duration = .seconds(10)
    /// Between two parts of a body, while the handler wants it; beyond: 408.
    package var bodyIdle: Duration = .seconds(30)
    /// Without one byte of the answer being taken; beyond: the connection is cut.
    package var writeIdle: Duration = .seconds(30)
    /// Between requests; beyond: the connection is closed.
    package var keepAliveIdle: Duration = .seconds(60)
    /// Open connections; beyond: the oldest idle one is closed for a new one, and with none idle the new one gets 503.
    package var connections = 4096
    /// Connections beyond ``connections`` that are told so at a time; the others are just closed.
    package var refusedConnections = 64
    /// A body up to this size is received whole before the request is handed on, and offered to the fast path.
    package var recallBodyBytes = 65_536
    /// Bytes of further requests that are received while one is being answered.
    package var pipelineBytes = 65_536
    /// An unread rest of a body that is skipped to keep the connection; beyond: it is closed.
    package var skippedBytes = 262_144
    /// What is received and thrown away after a last answer, so that the client gets to read it.
    package var lingerBytes = 33_554_432
    package var lingerTime: Duration = .seconds(5)

    package init() {}

    /// How often deadlines are looked at: often enough for the shortest.
    var sweepInterval: Duration {
        let shortest = min(headTime, bodyIdle, writeIdle, keepAliveIdle, lingerTime)
        return min(max(shortest / 4, .milliseconds(10)), .seconds(1))
    }
}
