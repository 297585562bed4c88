// One at a time for each key, in the order of asking.
internal import EdgeLoop

/// A lock on the loop for work that suspends. A key costs memory only while somebody is inside.
@LoopActor
final class KeyedGate<Key: Hashable & Sendable> {
    private var waiting: [Key: [CheckedContinuation<Void, Never>]] = [:]

    /// Waits for its turn; every return must be followed by one ``leave(_:)``.
    func enter(_ key: Key) async {
        if waiting[key] == nil {
            waiting[key] = []
        } else {
            await waitForTurn(key)
        }
    }

    private func waitForTurn(_ key: Key) async {
        await withCheckedContinuation { turn in
            // Looked at again: between the call and this body others may run.
            if waiting[key] == nil {
                waiting[key] = []
                turn.resume()
            } else {
                waiting[key]?.append(turn)
            }
        }
    }

    func leave(_ key: Key) {
        guard var queue = waiting[key], !queue.isEmpty else {
            waiting[key] = nil
            return
        }
        let next = queue.removeFirst()
        waiting[key] = queue
        next.resume()
    }
}
