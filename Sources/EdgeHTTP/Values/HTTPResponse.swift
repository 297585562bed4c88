// An answer as handlers make it.
internal import EdgeLoop

/// One answer. Length, framing, Connection and Date are the server's work.
public struct HTTPResponse: Sendable {
    /// Where the body comes from.
    public enum Body: Sendable {
        case empty
        case bytes([UInt8])
        case file(HTTPFileRegion)
        /// Written by a closure that waits while the client is slow. An error in it cuts the connection, so that nobody takes the
        /// part for the whole. With a length, exactly that many bytes must be written.
        case stream(length: Int?, @LoopActor @Sendable (HTTPBodyWriter) async throws -> Void)
        /// Handed through from another message.
        case reader(HTTPBodyReader, length: Int?)
    }

    /// 200 to 599, and whatever a forwarded answer has up to 999.
    public var status: Int
    public var headers: HTTPHeaders
    public var body: Body
    /// What nobody has to wait for: called once when the answer to an ``HTTPHandler/answer(_:)`` has been given to the connection, or
    /// would have been if its client were there.
    package var afterwards: (@LoopActor @Sendable () -> Void)?

    /// Makes an answer.
    public init(status: Int = 200, headers: HTTPHeaders = HTTPHeaders(), body: Body = .empty) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// An answer of plain text.
    public static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: ["Content-Type": "text/plain; charset=utf-8"],
            body: .bytes(Array(text.utf8))
        )
    }
}
