// Takes connections from listeners, keeps them within their limits, and ends them gracefully.
package import EdgeLoop

/// Serves HTTP/1.1 and HTTP/1.0 on any number of listeners.
@LoopActor
package final class HTTPServer {
    package let limits: HTTPLimits
    let handler: any HTTPHandler
    /// Parses the heads that arrive in one piece; a connection whose head comes in parts keeps it.
    var head = HTTPHead()
    private var listeners: [Listener] = []
    private var connections: [HTTPConnection] = []
    private var sweeper: LoopTimer?
    private(set) var isDraining = false
    private var drainWaiter: CheckedContinuation<Void, Never>?

    /// Makes a server without listeners.
    package init(limits: HTTPLimits = HTTPLimits(), handler: any HTTPHandler) {
        self.limits = limits
        self.handler = handler
    }

    /// Makes a server on a listener.
    package convenience init(_ listener: Listener, limits: HTTPLimits = HTTPLimits(), handler: any HTTPHandler) {
        self.init(limits: limits, handler: handler)
        serve(listener)
    }

    /// Open connections.
    package var connectionCount: Int { connections.count }
    /// Connections with a request that is being received or answered.
    package var busyCount: Int { connections.count { $0.isBusy } }

    /// Takes the connections of a further listener, which it closes when it stops.
    package func serve(_ listener: Listener) {
        listeners.append(listener)
        listener.onConnection = { [weak self] socket in
            guard let self else { return socket.close() }
            accept(socket)
        }
    }

    /// Closes the listeners. Open connections go on.
    package func stopAccepting() {
        for listener in listeners { listener.close() }
        listeners = []
    }

    /// Ends gracefully: takes no further connection, closes idle ones, lets requests that have begun finish, and says
    /// "Connection: close" in every answer. What is left after `limit` is cut.
    /// - Returns: how many busy connections were cut.
    @discardableResult
    package func drain(within limit: Duration) async -> Int {
        isDraining = true
        stopAccepting()
        for connection in connections where connection.isIdle { connection.drop() }
        if busyCount > 0, drainWaiter == nil {
            let timer = LoopTimer(after: limit) { [weak self] in self?.endDrain() }
            await withCheckedContinuation { if busyCount == 0 { $0.resume() } else { drainWaiter = $0 } }
            timer.cancel()
        }
        let cut = busyCount
        for connection in connections { connection.drop() }
        return cut
    }

    /// A connection became less busy: an ongoing drain may be done.
    func noteRest() {
        if isDraining, busyCount == 0 { endDrain() }
    }

    private func endDrain() {
        drainWaiter?.resume()
        drainWaiter = nil
    }

    private func accept(_ socket: Socket) {
        guard !isDraining else { return socket.close() }
        var isRefused = false
        if connections.count >= limits.connections {
            if let oldest = connections.filter(\.isIdle).min(by: { $0.deadline < $1.deadline }) {
                oldest.drop()
            } else if connections.count < limits.connections + limits.refusedConnections {
                isRefused = true
            } else {
                return socket.close()
            }
        }
        let connection = HTTPConnection(socket, server: self, slot: connections.count)
        connections.append(connection)
        if sweeper == nil {
            let interval = limits.sweepInterval
            sweeper = LoopTimer(after: interval, every: interval) { [weak self] in self?.sweep() }
        }
        connection.open()
        if isRefused {
            connection.refuse(
                HTTPRefusal(status: 503, reason: "all \(limits.connections) connections are in use; try again shortly")
            )
        }
    }

    func remove(_ connection: HTTPConnection) {
        let last = connections.count - 1
        connections[last].slot = connection.slot
        connections.swapAt(connection.slot, last)
        connections.removeLast()
        if connections.isEmpty {
            sweeper?.cancel()
            sweeper = nil
        }
        noteRest()
    }

    private func sweep() {
        let now = HTTPBuffers.now
        for connection in connections { connection.sweep(now) }  // goes over a copy: connections leave meanwhile
    }
}
