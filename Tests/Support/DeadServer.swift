// Servers to which no request can be sent at all.
public import EdgeLoop

/// A server that is not there in one of the ways of ``Absence``: nothing of a request has left when this is found out.
@LoopActor
public final class DeadServer {
    public enum Absence: String, CaseIterable, Sendable {
        case noListener, noName, noTLS
    }

    /// Without a slash at its end.
    public let url: String
    private let listener: Listener
    private var held: HeldPort?

    public init(_ absence: Absence) throws {
        guard let loopback = IPAddress("127.0.0.1") else { preconditionFailure("127.0.0.1 is an address") }
        listener = try Listener(.ip(loopback, port: 0))
        switch absence {
        case .noListener:
            listener.close()
            let port = try HeldPort()
            held = port
            url = "http://127.0.0.1:\(port.number)"
        case .noName: url = "http://no-such-host.invalid"
        case .noTLS:
            url = "https://\(listener.address)"
            listener.onConnection = { $0.close() }
        }
    }

    isolated deinit { listener.close() }
}
