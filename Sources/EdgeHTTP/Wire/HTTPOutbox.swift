// Bytes on their way to a socket: written at once where the socket takes them, else kept in order until it does.
internal import EdgeLoop

/// The sending half of a connection.
@LoopActor
final class HTTPOutbox {
    /// Unsent bytes above which a writer of a stream waits; it goes on when all are sent.
    static let backlogBytesMax = 65_536

    /// A body of at most this size is copied behind its head: that costs the kernel less than two buffers in one call.
    private static let joinedBytesMax = 16_384

    private enum Segment {
        case bytes([UInt8], sent: Int)
        case file(HTTPFile, offset: Int, left: Int)
    }

    private let socket: Socket
    private var segments: [Segment] = []
    private var isCorked = false
    private var batch: [UInt8] = []
    private var waiter: CheckedContinuation<Void, any Error>?
    private(set) var hasFailed = false
    /// When the kernel last took a byte while others had to wait.
    private(set) var lastProgress: Int64 = 0
    private(set) var backlog = 0

    init(_ socket: Socket) { self.socket = socket }

    var isEmpty: Bool { segments.isEmpty }

    /// Gathers what is sent until ``uncork()``, so that the answers to pipelined requests share one system call.
    func cork() {
        guard !isCorked, segments.isEmpty else { return }
        isCorked = true
        swap(&batch, &HTTPBuffers.batch)
    }

    func uncork() {
        guard isCorked else { return }
        sendBatch()
        isCorked = false
        swap(&batch, &HTTPBuffers.batch)
    }

    private func sendBatch() {
        batch.withUnsafeBytes(transmit)
        batch.removeAll(keepingCapacity: true)
    }

    var isCongested: Bool { backlog > Self.backlogBytesMax }

    func send(_ bytes: Bytes) {
        if isCorked {
            batch += bytes
            if batch.count > Self.backlogBytesMax { sendBatch() }
        } else {
            transmit(bytes)
        }
    }

    private func transmit(_ bytes: Bytes) { transmit(bytes, hasMore: false) }

    private func transmit(_ bytes: Bytes, hasMore: Bool) {
        guard !hasFailed, !bytes.isEmpty else { return }
        var sent = 0
        if segments.isEmpty {
            switch socket.write(bytes, hasMore: hasMore) {
            case .bytes(let count): sent = count
            case .wouldBlock, .end: break
            case .failed: return fail()
            }
        }
        if sent < bytes.count { keep(Array(bytes.part(sent..<bytes.count))) }
    }

    /// A head and its body in one system call.
    func send(_ first: Bytes, _ second: [UInt8]) {
        guard !hasFailed else { return }
        guard !second.isEmpty else { return send(first) }
        if isCorked {
            send(first)
            return second.withUnsafeBytes(send)
        }
        if second.count <= Self.joinedBytesMax, segments.isEmpty {
            cork()
            send(first)
            second.withUnsafeBytes(send)
            return uncork()
        }
        var sent = 0
        if segments.isEmpty {
            switch second.withUnsafeBytes({ socket.write(first, $0) }) {
            case .bytes(let count): sent = count
            case .wouldBlock, .end: break
            case .failed: return fail()
            }
        }
        if sent < first.count { keep(Array(first.part(sent..<first.count))) }
        let sentOfSecond = max(0, sent - first.count)
        if sentOfSecond < second.count {
            if segments.isEmpty { watch() }
            backlog += second.count - sentOfSecond
            segments.append(.bytes(second, sent: sentOfSecond))
        }
    }

    /// A head and a part of a file behind it.
    func send(_ first: Bytes, _ region: HTTPFileRegion) {
        guard !hasFailed else { return }
        guard region.count > 0 else { return send(first) }
        uncork()
        transmit(first, hasMore: true)
        guard !hasFailed else { return }
        backlog += region.count
        let wasEmpty = segments.isEmpty
        segments.append(.file(region.file, offset: region.offset, left: region.count))
        if wasEmpty {
            flush()
            if !segments.isEmpty { watch() }
        }
    }

    /// Writes what the socket takes. Call it when the socket is writable.
    func flush() {
        while !hasFailed, let first = segments.first {
            let result =
                switch first {
                case .bytes(let bytes, let sent):
                    bytes.withUnsafeBytes { socket.write($0.part(sent..<$0.count), hasMore: segments.count > 1) }
                case .file(let file, let offset, let left):
                    socket.sendFile(file.descriptor, offset: offset, count: left)
                }
            switch result {
            case .bytes(let count): advance(first, by: count)
            case .wouldBlock: return
            case .end, .failed: return fail()
            }
        }
        guard segments.isEmpty, !hasFailed else { return }
        socket.interest.remove(.write)
        waiter?.resume()
        waiter = nil
    }

    /// Waits until all is sent.
    /// - Throws: ``HTTPBodyError/closed`` when the connection breaks, or `CancellationError`.
    func drained() async throws {
        try await withTaskCancellationHandler {
            try Task.checkCancellation()
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else if hasFailed {
                    continuation.resume(throwing: HTTPBodyError.closed)
                } else if segments.isEmpty {
                    continuation.resume()
                } else {
                    waiter = continuation
                }
            }
        } onCancel: {
            Task { @LoopActor in self.resume(throwing: CancellationError()) }
        }
    }

    /// Gives up: nothing more is sent.
    func fail() {
        hasFailed = true
        segments = []
        backlog = 0
        resume(throwing: HTTPBodyError.closed)
    }

    private func advance(_ first: Segment, by count: Int) {
        lastProgress = HTTPBuffers.now
        backlog -= count
        switch first {
        case .bytes(let bytes, let sent):
            if sent + count < bytes.count {
                segments[0] = .bytes(bytes, sent: sent + count)
            } else {
                segments.removeFirst()
            }
        case .file(let file, let offset, let left):
            if count < left {
                segments[0] = .file(file, offset: offset + count, left: left - count)
            } else {
                segments.removeFirst()
            }
        }
    }

    private func keep(_ bytes: [UInt8]) {
        if segments.isEmpty { watch() }
        backlog += bytes.count
        segments.append(.bytes(bytes, sent: 0))
    }

    private func watch() {
        lastProgress = HTTPBuffers.now
        socket.interest.insert(.write)
    }

    private func resume(throwing error: any Error) {
        waiter?.resume(throwing: error)
        waiter = nil
    }
}
