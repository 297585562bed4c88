// A call that has a place in a process.
internal import EdgeHTTP
internal import EdgeLoop
internal import Glibc

/// Sends one request over the process's connections, and gives the place back when its answer has ended.
@LoopActor
struct IsolateCall {
    /// A process that dies closes its connections a moment before its end is known.
    static let exitWait = Duration.milliseconds(100)

    private let lease: IsolateLease
    private let isolates: Isolates
    private let start: ContinuousClock.Instant
    private let timeout: Duration

    init(_ lease: IsolateLease, of isolates: Isolates, start: ContinuousClock.Instant, timeout: Duration) {
        self.lease = lease
        self.isolates = isolates
        self.start = start
        self.timeout = timeout
    }

    private var function: String { isolates.function.name }
    private var left: Duration { max(start + timeout - .now, .zero) }

    /// - Parameter failure: how sending it ended before.
    /// - Returns: nil when the process never had the request.
    func send(
        _ request: HTTPClientRequest,
        after failure: (any Error)? = nil
    ) async throws(IsolateError) -> HTTPResponse? {
        var failure = failure
        var repeats = Self.isSafe(request) ? 1 : 0
        while true {
            if let failure {
                guard try await isWorthRepeating(failure, request), repeats > 0 else {
                    if Self.wasNeverSent(failure) { return nil }
                    lease.release()
                    throw .badAnswer(function: function, reason: "\(failure)")
                }
                repeats -= 1
            }
            guard lease.isolate.phase != .ended, let client = lease.isolate.client else { return nil }
            let (limit, begun) = (left, ContinuousClock.now)
            do {
                let answer = try await withDeadline(limit) { try await client.send(request) }
                // What a stand-still of this host gave to the head beyond its time is there for the body too.
                return response(answer, bodyTime: max(left, min(.now - begun - limit, limit)))
            } catch {
                failure = error
            }
        }
    }

    /// There was no connection to be had: nobody listens, or the process was told to end just then.
    private static func wasNeverSent(_ failure: any Error) -> Bool {
        failure is SystemError || failure as? HTTPClientError == .closed
    }

    /// A server may close a kept connection just when a request comes on it. What changes nothing can be asked again.
    private static func isSafe(_ request: HTTPClientRequest) -> Bool {
        guard case .empty = request.body else { return false }
        return request.method == "GET" || request.method == "HEAD"
    }

    /// Tells what an error means, where it can be told: throws it. - Returns: whether the living process only closed a connection.
    private func isWorthRepeating(_ error: any Error, _ request: HTTPClientRequest) async throws(IsolateError) -> Bool {
        switch error {
        case is CancellationError:
            lease.release()
            throw .cancelled
        case is DeadlineExceeded: throw overdue(request)
        case HTTPClientError.closedBeforeAnswer, HTTPClientError.truncatedHead:
            guard let exit = await lease.isolate.exit(within: Self.exitWait) else {
                return error as? HTTPClientError == .closedBeforeAnswer
            }
            lease.release()
            throw .died(function: function, exit: exit)
        case let error as SystemError:
            try await refused(error)
            return false
        case is HTTPClientError: return false
        default:
            lease.release()
            throw .requestBroken(function: function, reason: "\(error)")
        }
    }

    /// Nobody listens, or this host cannot connect.
    private func refused(_ error: SystemError) async throws(IsolateError) {
        if error.code == EMFILE || error.code == ENFILE {
            lease.release()
            throw .startFailed(function: function, reason: "\(error)", retryAfter: .seconds(1))
        }
        if await lease.isolate.exit(within: Self.exitWait) == nil { isolates.refusedConnection(lease) }
    }

    private func overdue(_ request: HTTPClientRequest) -> IsolateError {
        defer { lease.release() }
        if case .reader(let body, _) = request.body, !body.isFinished {
            return .requestBroken(function: function, reason: "its body did not come within \(timeout)")
        }
        isolates.timedOut(lease, after: timeout)
        return .timedOut(function: function, after: timeout)
    }

    /// What the process answered. Without a body to come, its place is free from now on.
    /// - Parameter bodyTime: how long the rest may take; nil: what is left of the call's time.
    func response(_ answer: HTTPAnswer, bodyTime: Duration? = nil) -> HTTPResponse {
        isolates.answered(lease, after: .now - start)
        var response = answer.forwarded
        let body = answer.body
        if body.isFinished {
            lease.release()
            if !answer.hasNoBody { response.body = body.takeReady().map { .bytes($0) } ?? .empty }
        } else {
            watch(body, for: bodyTime ?? left)
        }
        return response
    }

    /// The place is held, and the time runs, until the body has ended.
    private func watch(_ body: HTTPBodyReader, for limit: Duration) {
        let (lease, isolates, timeout) = (lease, isolates, timeout)
        let timer = LoopTimer(after: limit) { [weak body] in
            guard let body else { return }
            // With bytes left to read it is the reader who is slow: the process is not to blame.
            if !body.hasUnread { isolates.timedOut(lease, after: timeout) }
            body.cut(IsolateError.timedOut(function: isolates.function.name, after: timeout))
        }
        body.onEnd = {
            timer.cancel()
            lease.release()
        }
    }
}
