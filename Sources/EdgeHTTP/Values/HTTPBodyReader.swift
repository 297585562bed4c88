// The body of a request or an answer, read on demand: what is not asked for stays at the sender.
public import EdgeLoop

/// A body could not be read to its end.
public enum HTTPBodyError: Error, Equatable, CustomStringConvertible {
    /// The sender closed the connection before the end.
    case truncated
    /// The body is larger than the reader's limit in bytes.
    case tooLarge(limit: Int)
    /// The sender was silent for longer than the limit.
    case timeout
    /// The sender broke the message's framing.
    case malformed(String)
    /// The connection is gone.
    case closed

    public var description: String {
        switch self {
        case .truncated: "the body ended before its declared end"
        case .tooLarge(let limit): "the body is larger than \(limit) bytes"
        case .timeout: "no byte of the body came for too long"
        case .malformed(let reason): "the body's framing is broken: \(reason)"
        case .closed: "the connection was closed"
        }
    }
}

/// Where a reader's bytes come from.
@LoopActor
protocol HTTPBodySource: AnyObject {
    /// More is wanted: go on receiving.
    func bodyIsWanted()
    /// Nobody will read the rest.
    func bodyIsAbandoned()
}

/// Gives a body's bytes in order, once, to one reader at a time.
@LoopActor
public final class HTTPBodyReader {
    /// No body. One for all: there is nothing in it that a reader could take.
    static let empty = HTTPBodyReader()
    /// Received bytes that wait to be read before the sender is slowed down.
    static let bufferedBytesMax = 65_536

    private enum Ending {
        case open, finished
        case failed(any Error)
    }

    /// The declared length; nil when the message does not tell.
    public nonisolated let length: Int?
    private var buffer: [UInt8]
    private var ending: Ending
    /// Unchecked: whoever resumes it has taken it out of here first.
    private var waiter: UnsafeContinuation<[UInt8]?, any Error>?
    private weak var source: (any HTTPBodySource)?
    /// Whether bytes are received before somebody waits for them. What a sender on the same machine has ready lies as near in the
    /// kernel's buffer, where it costs this process no memory.
    package var readsAhead = true
    /// Called once, when the last byte has come, the body broke off, or nobody can read it any more.
    package var onEnd: (@LoopActor () -> Void)?

    /// A body that is already here.
    public nonisolated init(_ bytes: [UInt8] = []) {
        buffer = bytes
        length = bytes.count
        ending = .finished
    }

    init(length: Int?, source: any HTTPBodySource) {
        buffer = []
        self.length = length
        ending = .open
        self.source = source
    }

    isolated deinit {
        if case .open = ending { source?.bodyIsAbandoned() }
        onEnd?()
    }

    /// The next bytes, at least one, or nil at the end. Waits while nothing has come.
    /// - Throws: ``HTTPBodyError``, or `CancellationError` when the task is cancelled.
    public func next() async throws -> [UInt8]? {
        if let result = present { return try result.get() }
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await withUnsafeThrowingContinuation { continuation in
                // Looked at once more: what stands between here and the call may let other work of the loop run.
                if let result = present { return continuation.resume(with: result) }
                if Task.isCancelled { return continuation.resume(throwing: CancellationError()) }
                precondition(waiter == nil, "a body has one reader at a time")
                waiter = continuation
                source?.bodyIsWanted()
            }
        } onCancel: {
            Task { @LoopActor in self.resume(throwing: CancellationError()) }
        }
    }

    /// The whole rest of the body.
    /// - Throws: ``HTTPBodyError/tooLarge(limit:)`` when it is larger than `limit` bytes, and what ``next()`` throws.
    public func collect(upTo limit: Int) async throws -> [UInt8] {
        if let length, length > limit { throw HTTPBodyError.tooLarge(limit: limit) }
        var all = takeReady() ?? []  // most bodies are here as a whole, and nothing is waited for
        guard all.count <= limit else { throw HTTPBodyError.tooLarge(limit: limit) }
        while !isFinished || !buffer.isEmpty, let part = try await next() {
            guard all.count + part.count <= limit else { throw HTTPBodyError.tooLarge(limit: limit) }
            if all.isEmpty { all = part } else { all += part }
        }
        return all
    }

    /// Tells the sender that the rest is not wanted.
    public func cancel() { cut(HTTPBodyError.closed) }

    /// Breaks the body off: whoever reads it gets `error`, and the sender is told that the rest is not wanted.
    package func cut(_ error: any Error) {
        guard case .open = ending else { return }
        fail(error)
        source?.bodyIsAbandoned()
    }

    /// Whether the sender may be ahead of the reader: bytes have come that nobody has read yet, or are left where they are until
    /// somebody waits for them.
    package var hasUnread: Bool { !buffer.isEmpty || !readsAhead && waiter == nil }

    /// What ``next()`` gives without waiting, if it can.
    private var present: Result<[UInt8]?, any Error>? {
        if let ready = takeReady() { return .success(ready) }
        switch ending {
        case .finished: return .success(nil)
        case .failed(let error): return .failure(error)
        case .open: return nil
        }
    }

    /// What has been received and not been read, without waiting.
    package func takeReady() -> [UInt8]? {
        guard !buffer.isEmpty else { return nil }
        let ready = buffer
        buffer = []
        if case .open = ending, readsAhead { source?.bodyIsWanted() }
        return ready
    }

    /// Whether nothing more will come.
    package var isFinished: Bool {
        if case .finished = ending { return true }
        return false
    }

    var isFull: Bool { room == 0 }

    /// Bytes that may be received now.
    var room: Int {
        if waiter != nil, buffer.isEmpty { return HTTPBuffers.receiveBytes }
        return readsAhead ? max(0, Self.bufferedBytesMax - buffer.count) : 0
    }

    func push(_ bytes: Bytes) {
        if let waiter, buffer.isEmpty {
            self.waiter = nil
            waiter.resume(returning: Array(bytes))
        } else {
            buffer += bytes
        }
    }

    func finish() {
        guard case .open = ending else { return }
        ending = .finished
        let waiter = waiter
        self.waiter = nil
        waiter?.resume(returning: nil)
        ended()
    }

    func fail(_ error: any Error) {
        guard case .open = ending else { return }
        ending = .failed(error)
        resume(throwing: error)
        ended()
    }

    private func ended() {
        let body = onEnd
        onEnd = nil
        body?()
    }

    private func resume(throwing error: any Error) {
        let waiter = waiter
        self.waiter = nil
        waiter?.resume(throwing: error)
    }
}
