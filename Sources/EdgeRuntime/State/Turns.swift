// Work on one key runs one after the other, and what waits is overtaken by what is newer.
internal import EdgeLoop

/// Runs steps, those of one key never at once. While one runs, at most one more waits for its key: a newer step takes the waiting
/// one's place, and all who waited for either get the newer one's outcome.
@LoopActor
final class Turns<Key: Hashable & Sendable, Step: Sendable> {
    private struct Turn {
        var next: Step?
        var waiters: [CheckedContinuation<Result<Void, StateError>?, Never>] = []
    }

    /// The keys whose steps run now.
    private var turns: [Key: Turn] = [:]

    func isBusy(_ key: Key) -> Bool { turns[key] != nil }

    /// Runs `step` by `body`, at once or when the running step of that key has ended.
    /// - Parameter refusal: why this step may not take the place of the one that waits; nil: it may.
    func perform(
        _ key: Key,
        _ step: Step,
        refusal: @LoopActor (_ waiting: Step) -> StateError?,
        by body: @escaping @LoopActor (Step) async -> Result<Void, StateError>
    ) async throws(StateError) {
        if turns[key] == nil {
            turns[key] = Turn()
        } else if let outcome = await outcome(of: key, step, refusal) {
            return try outcome.get()
        }
        let result = await body(step)
        goOn(key, body)
        try result.get()
    }

    /// What became of the step with which another was run, or that was refused; nil: the turn is the caller's.
    private func outcome(
        of key: Key,
        _ step: Step,
        _ refusal: @LoopActor (_ waiting: Step) -> StateError?
    ) async -> Result<Void, StateError>? {
        // All in here, looked at again: between the call and the continuation's body others may run.
        await withCheckedContinuation { waiter in
            guard let turn = turns[key] else {
                turns[key] = Turn()
                return waiter.resume(returning: nil)
            }
            if let next = turn.next, let refusal = refusal(next) {
                return waiter.resume(returning: .failure(refusal))
            }
            turns[key]?.next = step
            turns[key]?.waiters.append(waiter)
        }
    }

    private func goOn(_ key: Key, _ body: @escaping @LoopActor (Step) async -> Result<Void, StateError>) {
        guard let turn = turns[key], let step = turn.next else {
            turns[key] = nil
            return
        }
        turns[key] = Turn()
        Task(executorPreference: LoopActor.tasks) { await self.take(step, turn, key, body) }
    }

    private func take(
        _ step: Step,
        _ turn: Turn,
        _ key: Key,
        _ body: @escaping @LoopActor (Step) async -> Result<Void, StateError>
    ) async {
        let result = await body(step)
        goOn(key, body)
        for waiter in turn.waiters { waiter.resume(returning: result) }
    }
}
