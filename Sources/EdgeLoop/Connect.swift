// Connecting to a listener without holding the loop.
internal import CUV
internal import Glibc

extension Socket {
    /// Connects, and gives a socket without a handler.
    /// - Throws: ``SystemError`` with the kernel's reason, or `CancellationError`. There is no time limit here: cancel the task.
    public static func connect(to address: SocketAddress) async throws -> Socket {
        let action = "connecting to \(address)"
        let descriptor = socket(
            address.family,
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
            0
        )
        guard descriptor >= 0 else { throw SystemError.last(doing: action) }
        let failure: Int32
        do {
            failure = try address.withSockaddr { raw, length in Glibc.connect(descriptor, raw, length) == 0 ? 0 : errno
            }
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        guard failure == 0 || failure == EINPROGRESS else {
            Glibc.close(descriptor)
            throw SystemError(code: failure, doing: action)
        }
        if case .ip = address { disableDelay(descriptor) }
        let socket = Socket(adopting: descriptor, peer: address)
        if failure == EINPROGRESS {
            do {
                try await ConnectWait(socket).run()
            } catch let error as SystemError {
                socket.close()
                throw SystemError(code: error.code, doing: action)
            } catch {
                socket.close()
                throw error
            }
        }
        return socket
    }
}

/// Answers are written whole, so waiting for more to send would only delay them.
func disableDelay(_ descriptor: Int32) {
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
}

@LoopActor
private final class ConnectWait: SocketHandler {
    private let socket: Socket
    private var continuation: CheckedContinuation<Void, any Error>?

    init(_ socket: Socket) { self.socket = socket }

    func run() async throws {
        try await withTaskCancellationHandler {
            try Task.checkCancellation()
            try await withCheckedThrowingContinuation { continuation in
                self.continuation = continuation
                socket.handler = self
                socket.interest = .write
            }
        } onCancel: {
            Task { @LoopActor in self.finish(.failure(CancellationError())) }
        }
    }

    func socketReadable() {}
    func socketPeerFinished() {}
    func socketWritable() { finish() }
    func socketFailed() { finish() }

    private func finish() {
        let code = socket.pendingError()
        finish(code == 0 ? .success(()) : .failure(SystemError(code: code, doing: "connecting")))
    }

    private func finish(_ result: Result<Void, any Error>) {
        guard let continuation else { return }
        self.continuation = nil
        socket.interest = []
        socket.handler = nil
        continuation.resume(with: result)
    }
}
