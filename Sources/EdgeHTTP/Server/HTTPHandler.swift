// What a server asks of the program that it serves.
package import EdgeLoop

/// Answers requests. All calls are made on the loop.
@LoopActor
package protocol HTTPHandler: AnyObject {
    /// The answer to a request. The task that runs it is cancelled when its client leaves.
    func answer(_ request: HTTPRequest) async -> HTTPResponse

    /// Takes on a request whose body is here and whose answer needs no task, only a callback: then true, and `reply` is owed the answer.
    /// False, to be asked for an ``answer(_:)``. Must not reply before it returns.
    func take(_ request: HTTPRequest, _ reply: HTTPReply) -> Bool

    /// The largest body in bytes that a request may have. Asked before the body is received.
    func bodyLimit(method: String, path: String) -> Int

    /// The synchronous fast path: an answer that is at hand for these exact bytes, or nil to go the whole way.
    /// Offered when head and body (up to ``HTTPLimits/recallBodyBytes``) are in the receive buffer. Must not wait, nor keep the view.
    func recall(_ view: borrowing HTTPRequestView) -> HTTPCannedResponse?

    /// The answer to a request that the server itself refuses. The connection closes after it.
    /// - Parameter request: method, target and headers without the body; nil when they could not be read.
    func refuse(_ refusal: HTTPRefusal, to request: HTTPRequest?) -> HTTPResponse

    /// The same for handlers that need no more than the reason.
    func refuse(_ refusal: HTTPRefusal) -> HTTPResponse
}

extension HTTPHandler {
    package func take(_ request: HTTPRequest, _ reply: HTTPReply) -> Bool { false }

    package func recall(_ view: borrowing HTTPRequestView) -> HTTPCannedResponse? { nil }

    package func refuse(_ refusal: HTTPRefusal, to request: HTTPRequest?) -> HTTPResponse { refuse(refusal) }

    package func refuse(_ refusal: HTTPRefusal) -> HTTPResponse {
        var response = HTTPResponse.text(refusal.reason + "\n", status: refusal.status)
        if refusal.status == 503 { response.headers["Retry-After"] = "1" }
        return response
    }
}
