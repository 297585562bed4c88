// Blocking work, on libuv's pool of threads.
internal import CUV

/// libuv's thread pool: four threads unless `UV_THREADPOOL_SIZE` says otherwise.
public enum Pool {
    /// Runs `work` on a pool thread and returns its result on the loop. It cannot be cancelled once begun: files must not stay half done.
    @LoopActor
    public static func run<Output: Sendable>(_ work: @escaping @Sendable () throws -> Output) async throws -> Output {
        try await withCheckedThrowingContinuation { continuation in
            start {
                Result { try work() }
            } then: {
                continuation.resume(with: $0)
            }
        }
    }

    /// The same for work that cannot fail.
    @LoopActor
    public static func run<Output: Sendable>(_ work: @escaping @Sendable () -> Output) async -> Output {
        await withCheckedContinuation { continuation in
            start(work) { continuation.resume(returning: $0) }
        }
    }

    /// Runs `work` on a pool thread, then `then` with its result on the loop: for work whose end concerns others than its caller.
    @LoopActor
    package static func start<Output: Sendable>(
        _ work: @escaping @Sendable () -> Output,
        then: @escaping @LoopActor (Output) -> Void
    ) {
        var output: Output?
        // Unchecked, yet safe: libuv hands the closure to one pool thread, and `finish` runs on the loop only after it has returned.
        nonisolated(unsafe) let store: (Output) -> Void = { output = $0 }
        let job = PoolJob {
            store(work())
        } finish: {
            guard let output else { preconditionFailure("libuv finished work that it did not run") }
            then(output)
        }
        let request = UnsafeMutablePointer<uv_work_t>.allocate(capacity: 1)
        request.pointee.data = Unmanaged.passRetained(job).toOpaque()
        let status = uv_queue_work(
            LoopActor.loop.handle,
            request,
            { @Sendable request in
                guard let context = request?.pointee.data else { return }
                Unmanaged<PoolJob>.fromOpaque(context).takeUnretainedValue().work()
            },
            { @Sendable request, _ in
                guard let request, let context = request.pointee.data else { return }
                let job = Unmanaged<PoolJob>.fromOpaque(context).takeRetainedValue()
                request.deallocate()
                LoopActor.assumeIsolated { job.finish() }
            }
        )
        precondition(status == 0, "libuv refused work")
    }
}

/// Unchecked, yet safe: made on the loop, `work` runs on one pool thread, then `finish` on the loop; libuv orders the two.
private final class PoolJob: @unchecked Sendable {
    let work: () -> Void
    let finish: @LoopActor () -> Void

    init(work: @escaping () -> Void, finish: @escaping @LoopActor () -> Void) {
        self.work = work
        self.finish = finish
    }
}
