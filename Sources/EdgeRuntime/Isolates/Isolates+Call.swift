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
        try await call(Self.outgoing(request), timeout: timeout)
    }

    /// The same for a request of the host's own.
    func call(_ request: HTTPClientRequest, timeout: Duration) async throws(IsolateError) -> HTTPResponse {
        let call = DirectCall(Self.once(request), of: self, timeout: timeout)
        // Unchecked: `begin` calls back once, and one of the two branches is taken.
        let outcome = await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<DirectCall.Outcome, Never>) in
                // Before it is sent: what was sent may have to be paid.
                if Task.isCancelled {
                    continuation.resume(returning: .goesOn { () throws(IsolateError) in throw .cancelled })
                } else {
                    call.begin { continuation.resume(returning: $0) }
                }
            }
        } onCancel: {
            Task { @LoopActor in call.cancel() }
        }
        return switch outcome {
        case .answered(let response): response
        case .goesOn(let rest): try await rest()
        }
    }

    /// The same as one callback, as long as nothing is out of the ordinary: see ``DirectCall``.
    func begin(
        _ request: HTTPRequest,
        timeout: Duration,
        _ done: @escaping @LoopActor (DirectCall.Outcome) -> Void
    ) -> DirectCall {
        let call = DirectCall(Self.outgoing(request), of: self, timeout: timeout)
        call.begin(done)
        return call
    }

    /// Goes on with a call that is out of the ordinary.
    /// - Parameter begun: what has happened to the call until now, if it has a place already.
    func call(
        _ request: HTTPClientRequest,
        start: ContinuousClock.Instant,
        timeout: Duration,
        begun: (lease: IsolateLease, error: (any Error)?)?
    ) async throws(IsolateError) -> HTTPResponse {
        let deadline = start + timeout
        var begun = begun
        for _ in 0..<Self.handOversMax {
            let lease: IsolateLease
            if let begun {
                lease = begun.lease
            } else {
                lease = try await self.lease(within: max(deadline - .now, .zero), request: Self.id(of: request))
            }
            let call = IsolateCall(lease, of: self, start: start, timeout: timeout)
            if let answer = try await call.send(request, after: begun?.error) { return answer }
            lease.release()
            begun = nil
        }
        throw .startFailed(
            function: function.name,
            reason: "\(Self.handOversMax) processes ended before they had this call",
            retryAfter: .seconds(1)
        )
    }

    static func id(of request: HTTPClientRequest) -> String? { request.headers["Edge-Request-Id"] }

    private static func outgoing(_ request: HTTPRequest) -> HTTPClientRequest {
        once(
            HTTPClientRequest(
                method: request.method,
                target: request.target,
                headers: request.headers,
                body: body(of: request)
            )
        )
    }

    /// A process that dies closes its connections, too: sending the call again would hand it to the next one to die by it.
    private static func once(_ request: HTTPClientRequest) -> HTTPClientRequest {
        var request = request
        request.mayRepeat = false
        return request
    }

    /// What has come is sent at once with the head; what is still coming is handed through.
    private static func body(of request: HTTPRequest) -> HTTPClientRequest.Body {
        guard request.body.isFinished else { return .reader(request.body, length: request.body.length) }
        return request.body.takeReady().map { .bytes($0) } ?? .empty
    }
}
