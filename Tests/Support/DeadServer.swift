// Servers to which no request can be sent at all.
public import EdgeLoop
internal import Glibc

/// A server that is not there in one of the ways of ``Absence``: nothing of a request has left when this is found out.
@LoopActor
public final class DeadServer {
    public enum Absence: String, CaseIterable, Sendable {
        case noListener, noName, noTLS
    }

    /// Without a slash at its end.
    public let url: String
    private let listener: Listener
    private var held: Int32 = -1

    public init(_ absence: Absence) throws {
        guard let loopback = IPAddress("127.0.0.1") else { preconditionFailure("127.0.0.1 is an address") }
        listener = try Listener(.ip(loopback, port: 0))
        switch absence {
        case .noListener:
            // Bound and not listening: a port that was closed would go to the next one who asks for any.
            listener.close()
            let (descriptor, port) = try Self.bound()
            held = descriptor
            url = "http://127.0.0.1:\(port)"
        case .noName: url = "http://no-such-host.invalid"
        case .noTLS:
            url = "https://\(listener.address)"
            listener.onConnection = { $0.close() }
        }
    }

    /// A socket on a free port of loopback that nobody listens on.
    private static func bound() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 ? getsockname(descriptor, address, &length) : -1
            }
        }
        guard code == 0 else { throw SystemError(code: errno, doing: "bind") }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    isolated deinit {
        listener.close()
        if held >= 0 { close(held) }
    }
}
