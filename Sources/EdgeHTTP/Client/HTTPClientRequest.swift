// What a client sends and gets.
package import EdgeLoop

/// A request to be sent. Host, framing and Connection are the client's work.
package struct HTTPClientRequest: Sendable {
    package enum Body: Sendable {
        case empty
        /// Can be sent again on a fresh connection.
        case bytes([UInt8])
        /// Handed through as it comes; chunked without a length.
        case reader(HTTPBodyReader, length: Int?)
    }

    package var method: String
    /// Path and query, percent-encoded, or "*".
    package var target: String
    package var headers: HTTPHeaders
    package var body: Body
    /// Whether it may be sent again when a kept connection breaks before any byte of an answer. What is handed through as it
    /// comes never is.
    package var mayRepeat = true

    package init(
        method: String = "GET",
        target: String,
        headers: HTTPHeaders = HTTPHeaders(),
        body: Body = .empty
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }

    var isReplayable: Bool {
        if case .reader = body { return false }
        return mayRepeat
    }
}

/// The head of an answer, with its body still to be read. Dropping the body unread closes the connection.
package struct HTTPAnswer: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: HTTPBodyReader
    /// Whether there is no body by the rules of HTTP: the answer to HEAD, 204, 304.
    package var hasNoBody: Bool

    /// The answer as one to hand on: without what belongs to the connection that it came by.
    package var forwarded: HTTPResponse {
        var headers = headers
        headers.removeHopByHop()
        return HTTPResponse(
            status: status,
            headers: headers,
            body: hasNoBody ? .empty : .reader(body, length: body.length)
        )
    }
}

/// A request on its way, for whoever may want to end it.
@LoopActor
package struct HTTPClientCall {
    let connection: HTTPClientConnection
    let number: Int

    /// Closes its connection, if it still waits for its answer or for the rest of it; whoever waits gets `error`.
    package func end(_ error: any Error) { connection.end(number, error) }
}

/// A request got no answer.
package enum HTTPClientError: Error, Equatable, CustomStringConvertible {
    /// The connection closed before the first byte of an answer.
    case closedBeforeAnswer
    /// The connection closed inside the answer's head.
    case truncatedHead
    /// The answer breaks HTTP/1.1.
    case malformedAnswer(String)
    /// All connections are in use, and `waiting` requests wait for one already.
    case busy(waiting: Int)
    /// The client was closed.
    case closed

    package var description: String {
        switch self {
        case .closedBeforeAnswer: "the connection was closed before an answer came"
        case .truncatedHead: "the connection was closed inside the head of the answer"
        case .malformedAnswer(let reason): "the answer is not valid HTTP/1.1: \(reason)"
        case .busy(let waiting): "all connections are in use and \(waiting) requests wait for one already"
        case .closed: "the client is closed"
        }
    }
}
