// Where a socket listens, connects to, or comes from.
internal import CUV
internal import Glibc

/// An IPv4 or IPv6 address with its port, or the path of a Unix socket.
public enum SocketAddress: Sendable, Hashable, CustomStringConvertible {
    case ip(IPAddress, port: UInt16)
    case unix(path: String)
    /// A peer of a Unix socket has no name.
    case unnamed

    public var description: String {
        switch self {
        case .ip(let address, let port): address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
        case .unix(let path): path
        case .unnamed: "unix"
        }
    }

    /// The longest path that a Unix socket's address holds, in bytes.
    public static let unixPathBytesMax = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    /// Every address that `host` names, in the system's order of preference. Blocks for a name that is not an address.
    public static func resolve(host: String, port: UInt16) throws(SystemError) -> [SocketAddress] {
        if let address = IPAddress(host) { return [.ip(address, port: port)] }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else {
            throw SystemError(code: ENOENT, doing: "looking up the host name \(host)")
        }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var entry = list
        while let current = entry?.pointee {
            if let address = current.ai_addr.flatMap({ IPAddress(UnsafeRawPointer($0)) }) {
                found.append(.ip(address, port: port))
            }
            entry = current.ai_next
        }
        return found
    }

    var family: Int32 {
        switch self {
        case .ip(let address, _): address.isIPv4 ? AF_INET : AF_INET6
        case .unix, .unnamed: AF_UNIX
        }
    }

    init(_ raw: UnsafePointer<sockaddr>) {
        switch Int32(raw.pointee.sa_family) {
        case AF_INET:
            let port = UnsafeRawPointer(raw).loadUnaligned(as: sockaddr_in.self).sin_port
            self = IPAddress(UnsafeRawPointer(raw)).map { .ip($0, port: UInt16(bigEndian: port)) } ?? .unnamed
        case AF_INET6:
            let port = UnsafeRawPointer(raw).loadUnaligned(as: sockaddr_in6.self).sin6_port
            self = IPAddress(UnsafeRawPointer(raw)).map { .ip($0, port: UInt16(bigEndian: port)) } ?? .unnamed
        default: self = .unnamed
        }
    }

    /// Calls `body` with the kernel's form. A path longer than ``unixPathBytesMax`` gives ENAMETOOLONG.
    func withSockaddr<Output>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Output) throws(SystemError) -> Output {
        var storage = sockaddr_storage()
        let length: Int
        switch self {
        case .ip(let address, let port) where address.isIPv4:
            var raw = sockaddr_in()
            raw.sin_family = sa_family_t(AF_INET)
            raw.sin_port = port.bigEndian
            withUnsafeMutableBytes(of: &raw.sin_addr) { $0.copyBytes(from: address.bytes) }
            length = MemoryLayout<sockaddr_in>.size
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: raw, as: sockaddr_in.self) }
        case .ip(let address, let port):
            var raw = sockaddr_in6()
            raw.sin6_family = sa_family_t(AF_INET6)
            raw.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &raw.sin6_addr) { $0.copyBytes(from: address.bytes) }
            length = MemoryLayout<sockaddr_in6>.size
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: raw, as: sockaddr_in6.self) }
        case .unix(let path):
            var raw = sockaddr_un()
            raw.sun_family = sa_family_t(AF_UNIX)
            guard path.utf8.count <= Self.unixPathBytesMax else {
                throw SystemError(code: ENAMETOOLONG, doing: "using the socket path \(path)")
            }
            withUnsafeMutableBytes(of: &raw.sun_path) { $0.copyBytes(from: path.utf8) }
            length = MemoryLayout<sockaddr_un>.size
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: raw, as: sockaddr_un.self) }
        case .unnamed:
            throw SystemError(code: EINVAL, doing: "using a socket that has no name")
        }
        return withUnsafePointer(to: &storage) { pointer in
            body(UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), socklen_t(length))
        }
    }
}
