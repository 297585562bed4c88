// A descriptor that log lines go to, written without ever waiting for who reads it.
internal import Glibc

struct LogDescriptor: ~Copyable {
    enum Written: Equatable { case bytes(Int), wouldBlock, failed }

    private enum Way { case nonBlocking, socket, whenReady, file }

    private let descriptor: Int32
    private let ownsDescriptor: Bool
    private let way: Way

    /// stdout and stderr are shared with the shell and other programs, so their flags stay as they are: a pipe or a
    /// terminal is opened a second time, non-blocking, and a socket takes a flag with each call.
    init(_ shared: Int32) {
        var status = stat()
        let kind = fstat(shared, &status) == 0 ? status.st_mode & S_IFMT : 0
        if kind == S_IFIFO || kind == S_IFCHR {
            let own = open("/proc/self/fd/\(shared)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
            descriptor = own >= 0 ? own : shared
            ownsDescriptor = own >= 0
            way = own >= 0 ? .nonBlocking : .whenReady
        } else {
            descriptor = shared
            ownsDescriptor = false
            way = kind == S_IFSOCK ? .socket : .file
        }
    }

    deinit { if ownsDescriptor { close(descriptor) } }

    /// Writes as much as goes without waiting.
    func write(_ bytes: UnsafeRawBufferPointer) -> Written {
        while true {
            let count: Int
            switch way {
            case .socket:
                count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            case .whenReady:
                guard waitUntilReady(milliseconds: 0) else { return .wouldBlock }
                count = Glibc.write(descriptor, bytes.baseAddress, min(bytes.count, Int(PIPE_BUF)))  // never waits then
            case .nonBlocking, .file:
                count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            }
            if count >= 0 { return .bytes(count) }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .failed
        }
    }

    /// Waits until something can be written; false when the time is over.
    func waitUntilReady(milliseconds: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&request, 1, milliseconds) > 0
    }
}
