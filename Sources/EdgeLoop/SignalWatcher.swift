// Signals as callbacks on the loop.
internal import CUV

/// Calls back on the loop for each delivery of one signal, until it is cancelled or released.
@LoopActor
public final class SignalWatcher {
    private let watcher = UnsafeMutablePointer<uv_signal_t>.allocate(capacity: 1)
    private let body: @LoopActor () -> Void
    private var isOpen = true

    public init(_ number: Int32, _ body: @escaping @LoopActor () -> Void) {
        self.body = body
        uv_signal_init(LoopActor.loop.handle, watcher)
        watcher.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        let status = uv_signal_start(
            watcher,
            { @Sendable handle, _ in
                guard let owner = handle?.pointee.data?.object(as: SignalWatcher.self) else { return }
                LoopActor.assumeIsolated { owner.body() }
            },
            number
        )
        precondition(status == 0, "signal \(number) cannot be watched")
    }

    public func cancel() {
        guard isOpen else { return }
        isOpen = false
        closeHandle(watcher)
    }

    isolated deinit { cancel() }
}
