// Readiness of a descriptor that somebody else owns.
internal import CUV

/// Tells when a descriptor can be read or written, until it is cancelled or released. Never reads, writes or closes it.
///
/// For libraries that open and close their own sockets. Cancel it before its descriptor is closed.
@LoopActor
public final class DescriptorWatcher {
    private let descriptor: Int32
    private let poll = UnsafeMutablePointer<uv_poll_t>.allocate(capacity: 1)
    private let body: @LoopActor (SocketInterest) -> Void
    private var isOpen = true

    /// What is waited for: `.read`, `.write` or both; level-triggered. Empty at first.
    public var interest: SocketInterest = [] {
        didSet { if interest != oldValue, isOpen { watch() } }
    }

    /// - Parameter body: gets what is ready. A broken descriptor is ready for both: who uses it then meets the error.
    /// - Throws: ``SystemError`` when the descriptor cannot be polled: a plain file, or one that has another watcher.
    public init(_ descriptor: Int32, _ body: @escaping @LoopActor (SocketInterest) -> Void) throws(SystemError) {
        self.descriptor = descriptor
        self.body = body
        let status = uv_poll_init(LoopActor.loop.handle, poll, descriptor)
        guard status == 0 else {
            isOpen = false
            poll.deallocate()
            throw SystemError(code: -status, doing: "watching descriptor \(descriptor)")
        }
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
        uv_poll_start(poll, events) { @Sendable handle, status, events in
            guard let owner = handle?.pointee.data?.object(as: DescriptorWatcher.self) else { return }
            LoopActor.assumeIsolated { owner.ready(status: status, events: UInt32(events)) }
        }
    }

    private func ready(status: Int32, events: UInt32) {
        // Keeps this watcher alive while `body` cancels and releases it.
        withExtendedLifetime(self) {
            guard status == 0 else {
                body([.read, .write])
                // libuv stops watching a broken descriptor, although its owner may not be done with it.
                if isOpen { watch() }
                return
            }
            var ready: SocketInterest = []
            if events & UV_READABLE.rawValue != 0 { ready.insert(.read) }
            if events & UV_WRITABLE.rawValue != 0 { ready.insert(.write) }
            body(ready)
        }
    }

    public func cancel() {
        guard isOpen else { return }
        isOpen = false
        uv_poll_stop(poll)
        closeHandle(poll)
    }

    isolated deinit { cancel() }
}
