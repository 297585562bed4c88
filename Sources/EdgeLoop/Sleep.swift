// Waiting inside a task: for a time, or for work under a deadline.

/// Thrown by ``withDeadline(_:_:)`` when its time is over.
public struct DeadlineExceeded: Error, Equatable {
    public init() {}
}

/// Waits for `duration` without holding the loop.
/// - Throws: `CancellationError` as soon as the task is cancelled.
@LoopActor
public func sleep(for duration: Duration) async throws {
    let wait = Wait<Void>()
    let timer = LoopTimer(after: duration) { wait.finish(.success(())) }
    defer { timer.cancel() }
    try await withTaskCancellationHandler {
        try await wait.value()
    } onCancel: {
        Task { @LoopActor in wait.finish(.failure(CancellationError())) }
    }
}

/// A deadline's end that is noticed so late was a stand-still: a laptop that slept, a container without its share of the processor.
private let standStill = Duration.milliseconds(250)

/// What is given once more after a deadline that is noticed late: what a stand-still of this process missed, at most the limit.
/// - Parameters:
///   - missed: from the deadline until now.
///   - limit: what the deadline gave.
package func grace(missed: Duration, of limit: Duration) -> Duration {
    missed > standStill ? min(missed, limit) : .zero
}

/// Runs `body` and cancels it when `limit` is over; returns when `body` has ended. When this process stood still at the limit, and so
/// perhaps who was to answer it, `body` is given what was missed once more, at most `limit`.
/// - Throws: ``DeadlineExceeded`` when the time was over, else what `body` throws.
@LoopActor
public func withDeadline<Output: Sendable>(
    _ limit: Duration,
    _ body: @escaping @LoopActor @Sendable () async throws -> Output
) async throws -> Output {
    var isOver = false
    let wait = Wait<Output>()
    // Not `await task.value`: that is no function of the loop, and would go by way of another thread.
    let work = Task(executorPreference: LoopActor.tasks) { await wait.finish(by: body) }
    let end = ContinuousClock.now + limit
    var timer: LoopTimer?
    timer = LoopTimer(after: limit) {
        let more = grace(missed: .now - end, of: limit)
        timer?.cancel()
        timer = LoopTimer(after: more) {
            isOver = true
            work.cancel()
        }
    }
    defer {
        timer?.cancel()
        timer = nil  // it holds the closure, which holds this variable
    }
    do {
        return try await withTaskCancellationHandler {
            try await wait.value()
        } onCancel: {
            work.cancel()
        }
    } catch {
        throw isOver ? DeadlineExceeded() : error
    }
}

/// One value that one task waits for. The first result counts.
@LoopActor
private final class Wait<Output: Sendable> {
    private var result: Result<Output, any Error>?
    private var continuation: CheckedContinuation<Output, any Error>?

    func finish(by body: @LoopActor @Sendable () async throws -> Output) async {
        do { finish(.success(try await body())) } catch { finish(.failure(error)) }
    }

    func value() async throws -> Output {
        try await withCheckedThrowingContinuation { continuation in
            if let result { continuation.resume(with: result) } else { self.continuation = continuation }
        }
    }

    func finish(_ result: Result<Output, any Error>) {
        guard self.result == nil else { return }
        self.result = result
        continuation?.resume(with: result)
        continuation = nil
    }
}
