// A port that nobody listens on and that nobody else gets: one that was closed would go to the next one who asks for any.
public import EdgeLoop
internal import Glibc

/// A bound socket of loopback that does not listen: whoever connects is refused, and no connection goes out from there, which could
/// be connected to itself. A program that is told the number can listen on it, as servers do, with SO_REUSEADDR.
@LoopActor
public final class HeldPort {
    public let number: UInt16
    private let descriptor: Int32

    /// - Parameter number: 0: any that is free. Another one may have belonged to a listener, whose connections are not over yet.
    public init(_ number: UInt16 = 0) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = number.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 ? getsockname(descriptor, address, &length) : -1
            }
        }
        guard code == 0 else {
            let error = SystemError(code: errno, doing: "bind")
            Glibc.close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.number = UInt16(bigEndian: address.sin_port)
    }

    isolated deinit { Glibc.close(descriptor) }
}
