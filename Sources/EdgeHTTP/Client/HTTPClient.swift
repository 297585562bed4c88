// Requests to one endpoint over a few connections that are kept.
package import EdgeLoop
internal import Glibc

/// A client of one Unix socket or port. Time limits are the caller's: cancelling the task closes its connection.
@LoopActor
package final class HTTPClient {
    package struct Limits: Sendable {
        /// Open connections, idle ones included.
        package var connections = 64
        /// Requests that wait for a connection; beyond: ``HTTPClientError/busy(waiting:)``.
        package var waiting = 1024
        /// The largest head of an answer.
        package var headBytes = 65_536
        /// Interim answers (1xx) before the real one.
        package var interimAnswers = 32
        /// Attempts to connect to a Unix socket whose queue is full, 5 ms apart.
        package var connectAttempts = 200

        package init() {}
    }

    package let address: SocketAddress
    package let limits: Limits
    /// The Host of requests that have none.
    private let host: String
    private var idle: [HTTPClientConnection] = []
    private var open = 0
    private var waiters: [(id: UInt64, continuation: CheckedContinuation<HTTPClientConnection?, any Error>)] = []
    private var nextWaiter: UInt64 = 0
    private var isClosed = false

    package init(address: SocketAddress, host: String = "localhost", limits: Limits = Limits()) {
        self.address = address
        self.host = host
        self.limits = limits
    }

    isolated deinit { close() }

    /// Connections that are open now.
    package var connectionCount: Int { open }

    /// Requests that wait for a connection.
    package var waitingCount: Int { waiters.count }

    /// Sends a request, and returns when the head of its answer is here.
    ///
    /// A kept connection may have been closed by the other side at the same moment. When it breaks before any byte of an answer, and
    /// the request may be repeated, it is sent once more on a fresh connection.
    /// - Throws: ``HTTPClientError``, `SystemError` when nobody listens, `CancellationError`, or what reading the request's body throws.
    package func send(_ request: HTTPClientRequest) async throws -> HTTPAnswer {
        var (connection, isReused) = try await acquire()
        // It may have closed while it changed hands.
        while !connection.isIdle { (connection, isReused) = try await acquire() }
        do {
            return try await connection.exchange(request, host: host)
        } catch HTTPClientError.closedBeforeAnswer where isReused && request.isReplayable {
            closeIdle()
            do {
                return try await acquire().0.exchange(request, host: host)
            } catch HTTPClientError.closed {
                throw HTTPClientError.closedBeforeAnswer  // it was sent once
            }
        }
    }

    /// Sends a request at once on a kept connection, and calls `answered` once: with the head of the answer, or with why there is none.
    /// Nothing is sent again, whatever breaks.
    /// - Returns: nil when no connection is idle. Then nothing was sent, and `answered` will not be called.
    package func sendNow(
        _ request: HTTPClientRequest,
        _ answered: @escaping @LoopActor (Result<HTTPAnswer, any Error>) -> Void
    ) -> HTTPClientCall? {
        guard !isClosed, let connection = idle.popLast() else { return nil }
        return connection.begin(request, host: host, answered)
    }

    /// Takes over a connection to the endpoint that is open already, for the next request.
    package func adopt(_ socket: Socket) {
        guard !isClosed, open < limits.connections else { return socket.close() }
        open += 1
        release(HTTPClientConnection(socket, client: self))
    }

    /// Closes the connections that no request uses.
    package func closeIdle() {
        for connection in idle { connection.close() }
    }

    /// Closes the idle connections, and lets no further request begin. Those that run finish.
    package func close() {
        isClosed = true
        closeIdle()
        for waiter in waiters { waiter.continuation.resume(throwing: HTTPClientError.closed) }
        waiters = []
    }

    private func acquire() async throws -> (HTTPClientConnection, isReused: Bool) {
        guard !isClosed else { throw HTTPClientError.closed }
        if let kept = idle.popLast() { return (kept, true) }
        if open >= limits.connections {
            if let kept = try await turn() { return (kept, true) }
        } else {
            open += 1
        }
        do {
            return (HTTPClientConnection(try await connect(), client: self), false)
        } catch {
            leave()
            throw error
        }
    }

    /// Waits for a connection to become free, or (nil) for the right to open one.
    private func turn() async throws -> HTTPClientConnection? {
        guard waiters.count < limits.waiting else { throw HTTPClientError.busy(waiting: waiters.count) }
        nextWaiter += 1
        let id = nextWaiter
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await withCheckedThrowingContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else if isClosed {
                    continuation.resume(throwing: HTTPClientError.closed)
                } else if open < limits.connections {
                    open += 1
                    continuation.resume(returning: nil)
                } else {
                    waiters.append((id, continuation))
                }
            }
        } onCancel: {
            Task { @LoopActor in self.cancelTurn(id) }
        }
    }

    private func cancelTurn(_ id: UInt64) {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        waiters.remove(at: index).continuation.resume(throwing: CancellationError())
    }

    private func connect() async throws -> Socket {
        var attempt = 1
        while true {
            do {
                return try await Socket.connect(to: address)
            } catch let error as SystemError where error.code == EAGAIN && attempt < limits.connectAttempts {
                attempt += 1
                try await sleep(for: .milliseconds(5))
            }
        }
    }

    /// A connection has finished its request and may carry another.
    func release(_ connection: HTTPClientConnection) {
        guard !isClosed else { return connection.close() }
        guard !waiters.isEmpty else { return idle.append(connection) }
        waiters.removeFirst().continuation.resume(returning: connection)
    }

    /// A connection has closed.
    func remove(_ connection: HTTPClientConnection) {
        if let index = idle.firstIndex(where: { $0 === connection }) { idle.remove(at: index) }
        leave()
    }

    private func leave() {
        if waiters.isEmpty {
            open -= 1
        } else {
            waiters.removeFirst().continuation.resume(returning: nil)
        }
    }
}
