// Tells a client that has left from one that has only finished sending.
internal import EdgeLoop

/// Both look alike to the kernel until something is sent. A Unix socket tells with an empty write; TCP tells after the peer has
/// refused a byte, and the one thing that may be sent before an answer is "100 Continue", which every client must skip.
@LoopActor
final class DepartureWatch {
    private static let interval: Duration = .milliseconds(500)
    private static let checksPerProbe = 20

    private weak var connection: HTTPConnection?
    private var timer: LoopTimer?
    private var checks = 0

    init(_ connection: HTTPConnection) {
        self.connection = connection
        timer = LoopTimer(after: .zero, every: Self.interval) { [weak self] in self?.check() }
    }

    private func check() {
        guard let connection, connection.phase == .handling, let exchange = connection.exchange else { return }
        if case .failed = connection.socket.write(UnsafeRawBufferPointer(start: nil, count: 0)) {
            return connection.drop()
        }
        let isIP = if case .ip = connection.socket.peer { true } else { false }
        let mayProbe = exchange.minorVersion > 0 && !exchange.answerStarted && connection.outbox.isEmpty
        if isIP, mayProbe, checks % Self.checksPerProbe == 1 {
            connection.outbox.send("HTTP/1.1 100 Continue\r\n\r\n")
        }
        checks += 1
    }
}
