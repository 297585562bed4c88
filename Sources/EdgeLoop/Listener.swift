// A listening socket that hands over each connection as it comes.
internal import CUV
internal import Glibc

/// Listens on an address or a Unix path until it is closed or released.
@LoopActor
public final class Listener {
    private let descriptor: Int32
    private let poll = UnsafeMutablePointer<uv_poll_t>.allocate(capacity: 1)
    private var isOpen = true
    private var spare: Int32
    /// Where it listens; with port 0 asked for, the port that the system chose.
    public let address: SocketAddress
    /// Gets each connection. Nothing is accepted before it is set.
    public var onConnection: (@LoopActor (Socket) -> Void)? {
        didSet { watch() }
    }

    /// Connections that wait in the kernel to be accepted; the kernel holds it to net.core.somaxconn.
    private static let backlog: Int32 = 1024
    /// Connections taken in one turn, so that those already open get theirs.
    private static let acceptedPerTurn = 64

    /// - Parameter dualStack: whether an IPv6 wildcard takes IPv4 connections as well.
    /// - Throws: ``SystemError``; EADDRINUSE when another process listens there.
    public init(_ address: SocketAddress, dualStack: Bool = true) throws(SystemError) {
        let action = "listening on \(address)"
        let descriptor = socket(
            address.family,
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
            0
        )
        guard descriptor >= 0 else { throw SystemError.last(doing: action) }
        var bound = false
        defer { if !bound { Glibc.close(descriptor) } }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size)
        if address.family == AF_INET6 {
            var only: Int32 = dualStack ? 0 : 1
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &only, size)
        }
        let failure = try address.withSockaddr { raw, length in
            bind(descriptor, raw, length) == 0 && listen(descriptor, Self.backlog) == 0 ? 0 : errno
        }
        guard failure == 0 else { throw SystemError(code: failure, doing: action) }
        bound = true
        self.descriptor = descriptor
        spare = open("/dev/null", O_RDONLY | O_CLOEXEC)
        if case .ip = address { self.address = Self.boundAddress(descriptor) } else { self.address = address }
        let status = uv_poll_init(LoopActor.loop.handle, poll, descriptor)
        precondition(status == 0, "a listening socket cannot be polled")
        poll.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    }

    private static func boundAddress(_ descriptor: Int32) -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                getsockname(descriptor, raw, &length) == 0 ? SocketAddress(raw) : .unnamed
            }
        }
    }

    private func watch() {
        guard isOpen, onConnection != nil else { return }
        uv_poll_start(poll, Int32(UV_READABLE.rawValue)) { @Sendable handle, _, _ in
            guard let owner = handle?.pointee.data?.object(as: Listener.self) else { return }
            LoopActor.assumeIsolated { owner.acceptAll() }
        }
    }

    private func acceptAll() {
        for _ in 0..<Self.acceptedPerTurn {
            guard isOpen, let onConnection else { return }
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let (client, peer) = withUnsafeMutablePointer(to: &storage) { storage in
                storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                    let client = edge_accept(descriptor, raw, &length)
                    return (client, client >= 0 ? SocketAddress(raw) : .unnamed)
                }
            }
            if client >= 0 {
                if case .ip = peer { disableDelay(client) }
                onConnection(Socket(adopting: client, peer: peer))
            } else if errno == EMFILE || errno == ENFILE {
                refuseOne()
                return
            } else if errno != EINTR && errno != ECONNABORTED {
                return
            }
        }
    }

    /// With no descriptor left, a waiting connection would make the loop spin: the spare one takes it and lets it go.
    private func refuseOne() {
        guard spare >= 0 else { return }
        Glibc.close(spare)
        let client = accept(descriptor, nil, nil)
        if client >= 0 { Glibc.close(client) }
        spare = open("/dev/null", O_RDONLY | O_CLOEXEC)
    }

    /// Stops listening. A Unix path is removed.
    public func close() {
        guard isOpen else { return }
        isOpen = false
        onConnection = nil
        uv_poll_stop(poll)
        closeHandle(poll)
        Glibc.close(descriptor)
        if spare >= 0 { Glibc.close(spare) }
        if case .unix(let path) = address { unlink(path) }
    }

    isolated deinit { close() }
}
