// One-shot and repeating timers on the loop.
internal import CUV

/// Calls back on the loop after a time. Ends when it is cancelled or released.
@LoopActor
public final class LoopTimer {
    private let timer = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
    private let body: @LoopActor () -> Void
    private var isOpen = true

    /// - Parameters:
    ///   - after: time to the first call; rounded up to a millisecond, at least 0.
    ///   - every: time between later calls; nil: one call.
    public init(after: Duration, every: Duration? = nil, _ body: @escaping @LoopActor () -> Void) {
        self.body = body
        let loop = LoopActor.loop.handle
        uv_update_time(loop)  // otherwise a long callback before this line would shorten the wait
        uv_timer_init(loop, timer)
        timer.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        uv_timer_start(
            timer,
            { @Sendable handle in
                guard let owner = handle?.pointee.data?.object(as: LoopTimer.self) else { return }
                LoopActor.assumeIsolated { owner.body() }
            },
            after.wholeMilliseconds,
            every?.wholeMilliseconds ?? 0
        )
    }

    public func cancel() {
        guard isOpen else { return }
        isOpen = false
        closeHandle(timer)
    }

    isolated deinit { cancel() }
}

extension Duration {
    /// For libuv, which counts in milliseconds; a shorter wait must not become none.
    fileprivate var wholeMilliseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(seconds) * 1000 + UInt64((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
