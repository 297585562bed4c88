// One value that somebody on the loop waits for.
internal import EdgeLoop

/// Finished once; later values are ignored. One task may wait.
@LoopActor
final class OneShot<Value: Sendable> {
    private var value: Value?
    private var continuation: CheckedContinuation<Value, Never>?

    func finish(_ value: Value) {
        guard self.value == nil else { return }
        self.value = value
        continuation?.resume(returning: value)
        continuation = nil
    }

    func wait() async -> Value {
        await withCheckedContinuation { continuation in
            if let value { return continuation.resume(returning: value) }
            precondition(self.continuation == nil, "two tasks wait for one value")
            self.continuation = continuation
        }
    }
}
