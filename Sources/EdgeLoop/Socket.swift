// A connected stream socket or a pipe, non-blocking, with readiness told by the loop.
internal import CUV
internal import Glibc

/// Told by a ``Socket`` when it can be used, on the loop.
@LoopActor
public protocol SocketHandler: AnyObject {
    /// Bytes, the end, or an error can be read.
    func socketReadable()
    /// There is room to write.
    func socketWritable()
    /// The peer has sent its last byte (it closed, or only shut its writing side: TCP does not tell which). Told once.
    func socketPeerFinished()
    /// The connection is broken in both directions. Told once; only ``Socket/close()`` is left to do.
    func socketFailed()
}

/// What the loop should tell a socket's handler about.
public struct SocketInterest: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let read = SocketInterest(rawValue: 1)
    public static let write = SocketInterest(rawValue: 2)
    /// The peer's last byte, also while reading is paused.
    public static let peerFinished = SocketInterest(rawValue: 4)
}

/// The result of one read or write that does not block.
public enum SocketResult: Equatable, Sendable {
    case bytes(Int)
    case wouldBlock
    /// Reads only: the peer sends no more.
    case end
    case failed(errno: Int32)
}

/// Owns one descriptor. Reads and writes are plain system calls, so a caller chooses its buffers and pays for no copy;
/// the handler is held until ``close()``.
@LoopActor
public final class Socket {
    private let descriptor: Int32
    private let poll = UnsafeMutablePointer<uv_poll_t>.allocate(capacity: 1)
    private var isOpen = true
    /// Found out by the first read.
    private var isPipe = false
    /// Who is told. Held strongly until ``close()``: set it once, right after the socket was made.
    public var handler: (any SocketHandler)?
    public let peer: SocketAddress

    /// What the handler wants to hear of. Level-triggered: with `.read`, it is called again while unread bytes are left.
    public var interest: SocketInterest = [] {
        didSet { if interest != oldValue, isOpen { watch() } }
    }

    /// Takes over a descriptor, and makes it non-blocking and close-on-exec.
    public init(adopting descriptor: Int32, peer: SocketAddress = .unnamed) {
        self.descriptor = descriptor
        self.peer = peer
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        let status = uv_poll_init(LoopActor.loop.handle, poll, descriptor)
        precondition(status == 0, "descriptor \(descriptor) cannot be polled")
        poll.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    }

    private func watch() {
        guard !interest.isEmpty else {
            uv_poll_stop(poll)
            return
        }
        var events: Int32 = 0
        if interest.contains(.read) { events |= Int32(UV_READABLE.rawValue) }
        if interest.contains(.write) { events |= Int32(UV_WRITABLE.rawValue) }
        if interest.contains(.peerFinished) { events |= Int32(UV_DISCONNECT.rawValue) }
        uv_poll_start(poll, events) { @Sendable handle, status, events in
            guard let owner = handle?.pointee.data?.object(as: Socket.self) else { return }
            LoopActor.assumeIsolated {
                owner.ready(
                    status: status,
                    events: UInt32(events)
                )
            }
        }
    }

    private func ready(status: Int32, events: UInt32) {
        guard let handler else { return }
        // Keeps this socket alive while its handler closes and releases it.
        withExtendedLifetime(self) {
            guard status == 0 else {
                interest = []
                return handler.socketFailed()
            }
            if events & UV_READABLE.rawValue != 0, isOpen { handler.socketReadable() }
            if events & UV_WRITABLE.rawValue != 0, isOpen, interest.contains(.write) { handler.socketWritable() }
            if events & UV_DISCONNECT.rawValue != 0, isOpen, interest.contains(.peerFinished) {
                interest.remove(.peerFinished)
                handler.socketPeerFinished()
            }
        }
    }

    public func read(into buffer: UnsafeMutableRawBufferPointer) -> SocketResult {
        precondition(isOpen, "read from a closed socket")
        while true {
            let count =
                isPipe
                ? Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                : recv(descriptor, buffer.baseAddress, buffer.count, 0)  // a shorter way through the kernel
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end }
            if errno == EINTR { continue }
            if errno == ENOTSOCK, !isPipe {
                isPipe = true
                continue
            }
            return errno == EAGAIN ? .wouldBlock : .failed(errno: errno)
        }
    }

    /// - Parameter hasMore: whether more is written at once, with which the last packet of this should wait to be filled. TCP only.
    public func write(_ buffer: UnsafeRawBufferPointer, hasMore: Bool = false) -> SocketResult {
        precondition(isOpen, "write to a closed socket")
        let flags = Int32(MSG_NOSIGNAL) | (hasMore ? Int32(MSG_MORE) : 0)
        while true {
            let count = send(descriptor, buffer.baseAddress, buffer.count, flags)
            if count >= 0 { return .bytes(count) }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .failed(errno: errno)
        }
    }

    /// Two buffers in one system call: a head and its body.
    public func write(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> SocketResult {
        precondition(isOpen, "write to a closed socket")
        let empty = iovec(iov_base: nil, iov_len: 0)
        var parts = (empty, empty)
        parts.0 = iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count)
        parts.1 = iovec(iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
        return withUnsafeMutablePointer(to: &parts) { parts in
            var message = msghdr()
            message.msg_iov = UnsafeMutableRawPointer(parts).assumingMemoryBound(to: iovec.self)
            message.msg_iovlen = 2
            while true {
                let count = sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL))
                if count >= 0 { return .bytes(count) }
                if errno == EINTR { continue }
                return errno == EAGAIN ? .wouldBlock : .failed(errno: errno)
            }
        }
    }

    /// Sends part of a file without copying it through the process. Its end goes at once, with what was held back before.
    public func sendFile(_ file: Int32, offset: Int, count: Int) -> SocketResult {
        precondition(isOpen, "write to a closed socket")
        while true {
            var position = off_t(offset)
            let sent = sendfile(descriptor, file, &position, count)
            if sent > 0 { return .bytes(sent) }
            if sent == 0 { return .end }  // the file is shorter than was said
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .failed(errno: errno)
        }
    }

    /// Tells the peer that no more will be sent; reading goes on.
    public func shutdownWrite() {
        guard isOpen else { return }
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Makes ``close()`` break the connection, so that the peer sees an error and not an end. TCP only.
    public func resetOnClose() {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }

    /// The error that an asynchronous connect ended with; 0: none.
    func pendingError() -> Int32 {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &value, &size) == 0 ? value : errno
    }

    public func close() {
        guard isOpen else { return }
        isOpen = false
        handler = nil
        uv_poll_stop(poll)
        closeHandle(poll)
        Glibc.close(descriptor)
    }

    isolated deinit { close() }
}
