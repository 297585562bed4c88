// Tells those who look at a place in a queue that it may have changed.
internal import EdgeLoop

/// Wakes who follows a queued generation, now and then and together: a queue moves with every start, and each look costs.
@LoopActor
final class QueueNews {
    private var onlookers: [String: (generation: Generation, count: Int)] = [:]
    private var timer: LoopTimer?

    /// Places are told at most so often.
    static let pauseMin = Duration.seconds(1)
    /// Onlookers that are told in a second; of more each is told less often.
    static let toldPerSecondMax = 1000

    func watch(_ generation: Generation) {
        onlookers[generation.id, default: (generation, 0)].count += 1
    }

    func unwatch(_ generation: Generation) {
        guard let count = onlookers[generation.id]?.count else { return }
        if count > 1 { onlookers[generation.id]?.count -= 1 } else { onlookers[generation.id] = nil }
    }

    /// A queue has moved.
    func moved() {
        guard timer == nil, !onlookers.isEmpty else { return }
        let pause = Self.pauseMin * max(1, onlookers.count / Self.toldPerSecondMax)
        timer = LoopTimer(after: pause) { [unowned self] in tell() }
    }

    private func tell() {
        timer = nil
        for (generation, _) in onlookers.values where generation.state == .queued { generation.changes.notify() }
    }
}
