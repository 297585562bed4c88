// Where the host listens.
internal import EdgeLoop
internal import Glibc

/// Opens the public listener.
@LoopActor
enum ListenAddress {
    /// - Parameter host: an address or a name; `::` takes IPv4 connections as well, and falls back to `0.0.0.0` where the kernel
    ///   has no IPv6.
    /// - Throws: ``HostError`` with the reason and the way out.
    static func open(host: String, port: UInt16) throws(HostError) -> Listener {
        let addresses: [SocketAddress]
        do {
            addresses = try SocketAddress.resolve(host: host, port: port)
        } catch {
            throw HostError("cannot listen on \(host): \(error.reason); give an address such as 127.0.0.1 with --host")
        }
        guard let address = addresses.first else {
            throw HostError("the host name \(host) has no address; give another with --host")
        }
        do {
            return try Listener(address)
        } catch {
            if host == "::", error.code == EAFNOSUPPORT || error.code == EADDRNOTAVAIL {
                return try open(host: "0.0.0.0", port: port)
            }
            switch error.code {
            case EADDRINUSE:
                throw HostError(
                    "port \(port) on \(host) is in use: stop the program that listens there, or give another with --port"
                )
            case EACCES:
                throw HostError("port \(port) on \(host) needs privileges: give one above 1023 with --port")
            default:
                throw HostError("cannot listen on \(address): \(error.reason)")
            }
        }
    }
}
