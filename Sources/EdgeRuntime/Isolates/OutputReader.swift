// Reads a process's stdout or stderr into lines, without ever waiting for it.
internal import EdgeLoop
internal import Secrets

/// Owns the pipe's end until ``finish()``. A process that writes faster than ``bytesPerSlice`` waits in its own write:
/// so a flood costs the host a small, fixed share of its time. Secrets are replaced before a long line is cut: the half of one
/// would be found by nobody after that.
@LoopActor
final class OutputReader: SocketHandler {
    static let slice = Duration.milliseconds(10)
    static let bytesPerSlice = 1 << 20
    /// What is still read of a process that has ended.
    static let lastBytesMax = 1 << 20

    private static let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

    private let socket: Socket
    private let onLine: @LoopActor (LineSplitter.Line) -> Void
    private var splitter = LineSplitter()
    /// Nil when there is nothing to hide.
    private var hiding: RedactingStream?
    private var hidden: [UInt8] = []
    private var isOpen = true
    private var sliceStart = ContinuousClock.now
    private var sliceBytes = 0
    private var pause: LoopTimer?

    init(_ socket: Socket, redactor: Redactor = .none, onLine: @escaping @LoopActor (LineSplitter.Line) -> Void) {
        self.socket = socket
        if !redactor.isEmpty { hiding = RedactingStream(redactor) }
        self.onLine = onLine
        socket.handler = self
        socket.interest = .read
    }

    func socketReadable() {
        guard isOpen, readOnce() != nil else { return }
        guard sliceBytes > Self.bytesPerSlice else { return }
        let now = ContinuousClock.now
        let passed = now - sliceStart
        sliceStart = now
        sliceBytes = 0
        guard passed < Self.slice else { return }
        socket.interest = []
        pause = LoopTimer(after: Self.slice - passed) { [weak self] in
            guard let self, isOpen else { return }
            pause?.cancel()
            pause = nil
            socket.interest = .read
        }
    }

    func socketWritable() {}
    func socketPeerFinished() {}
    func socketFailed() { finish() }

    /// Takes what is left in the pipe and closes it.
    func finish() {
        guard isOpen else { return }
        var left = Self.lastBytesMax
        while left > 0, isOpen, let count = readOnce(), count > 0 { left -= count }
        close()
    }

    /// How many bytes came; 0: none now; nil: no more will come.
    private func readOnce() -> Int? {
        switch socket.read(into: Self.scratch) {
        case .bytes(let count):
            sliceBytes += count
            take(UnsafeRawBufferPointer(rebasing: Self.scratch[..<count]))
            return count
        case .wouldBlock: return 0
        case .end, .failed:
            close()
            return nil
        }
    }

    private func take(_ piece: UnsafeRawBufferPointer) {
        guard hiding != nil else { return splitter.push(piece, onLine) }
        hiding?.push(Array(piece), into: &hidden)
        splitHidden()
    }

    private func splitHidden() {
        hidden.withUnsafeBytes { splitter.push($0, onLine) }
        hidden.removeAll(keepingCapacity: true)
    }

    private func close() {
        guard isOpen else { return }
        isOpen = false
        pause?.cancel()
        pause = nil
        hiding?.finish(into: &hidden)
        splitHidden()
        splitter.finish(onLine)
        socket.close()
    }
}
