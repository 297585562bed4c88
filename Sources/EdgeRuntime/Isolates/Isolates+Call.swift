// One call: a place in a process, the request there, the answer back, all within the call's time.
internal import EdgeHTTP
internal import EdgeLoop

extension Isolates {
    /// Processes that one call is offered to, one after the other, when they end before they have it.
    static let handOversMax = 3

    /// Forwards a request to a process, which is started when there is none, and gives its answer, whose body is still coming.
    /// Whoever drops the body, or whose task is cancelled before there is one, closes the call's connection to the process.
    /// - Parameter timeout: for all of it, from now to the body's last byte.
    /// - Throws: ``IsolateError``; reading the body throws ``IsolateError/timedOut(function:after:)`` when the time is over by then.
    func call(_ request: HTTPRequest, timeout: Duration) async throws(IsolateError) -> HTTPResponse {
        let start = ContinuousClock.now
        let deadline = start + timeout
        var outgoing = HTTPClientRequest(
            method: request.method,
            target: request.target,
            headers: request.headers,
            body: Self.body(of: request)
        )
        // A process that dies closes its connections, too: sending the call again would hand it to the next one to die by it.
        outgoing.mayRepeat = false
        let id = request.headers["Edge-Request-Id"]
        for _ in 0..<Self.handOversMax {
            let lease = try await lease(within: max(deadline - .now, .zero), request: id)
            if let answer = try await IsolateCall(lease, of: self, start: start, timeout: timeout).send(outgoing) {
                return answer
            }
            lease.release()
        }
        throw .startFailed(
            function: function.name,
            reason: "\(Self.handOversMax) processes ended before they had this call",
            retryAfter: .seconds(1)
        )
    }

    /// What has come is sent at once with the head; what is still coming is handed through.
    private static func body(of request: HTTPRequest) -> HTTPClientRequest.Body {
        guard request.body.isFinished else { return .reader(request.body, length: request.body.length) }
        return request.body.takeReady().map { .bytes($0) } ?? .empty
    }
}
