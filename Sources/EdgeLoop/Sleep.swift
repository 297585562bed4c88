// Waiting inside a task: for a time, or for work under a deadline.

/// Thrown by ``withDeadline(_:_:)`` when its time is over.
public struct DeadlineExceeded: Error, Equatable {
    public init() {}
}

/// Waits for `duration` without holding the loop.
/// - Throws: `CancellationError` as soon as the task is cancelled.
@LoopActor
public func sleep(for duration: Duration) async throws {
    let wait = SleepWait()
    try await withTaskCancellationHandler {
        try await wait.run(duration)
    } onCancel: {
        Task { @LoopActor in wait.cancel() }
    }
}

/// Runs `body` and cancels it when `limit` is over.
/// - Throws: ``DeadlineExceeded`` when the time is over, else what `body` throws.
@LoopActor
public func withDeadline<Output: Sendable>(
    _ limit: Duration,
    _ body: @escaping @LoopActor @Sendable () async throws -> Output
) async throws -> Output {
    var isOver = false
    let work = Task { @LoopActor in try await body() }
    let timer = LoopTimer(after: limit) {
        isOver = true
        work.cancel()
    }
    defer { timer.cancel() }
    do {
        return try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            work.cancel()
        }
    } catch {
        throw isOver ? DeadlineExceeded() : error
    }
}

@LoopActor
private final class SleepWait {
    private var timer: LoopTimer?
    private var continuation: CheckedContinuation<Void, any Error>?

    func run(_ duration: Duration) async throws {
        try Task.checkCancellation()
        try await withCheckedThrowingContinuation { continuation in
            self.continuation = continuation
            timer = LoopTimer(after: duration) { [unowned self] in finish(.success(())) }
        }
    }

    func cancel() { finish(.failure(CancellationError())) }

    private func finish(_ result: Result<Void, any Error>) {
        timer?.cancel()
        timer = nil
        continuation?.resume(with: result)
        continuation = nil
    }
}
