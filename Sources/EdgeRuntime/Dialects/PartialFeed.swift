// The unfinished pictures of one streamed request, on their way to its client.
internal import EdgeLoop

/// Queues what its jobs show until the client has taken it.
@LoopActor
final class PartialFeed {
    /// For each image: an upper bound.
    let wanted: Int
    private var queue: [PartialPicture] = []
    private var counts: [Int: Int] = [:]
    /// Whether all of its images have ended.
    private(set) var isOver = false
    private let changes = ChangeSignal()

    init(wanted: Int) { self.wanted = wanted }

    func take(_ picture: PartialPicture, of image: Int) {
        guard counts[image, default: 0] < wanted, !isOver else { return }
        counts[image, default: 0] += 1
        queue.append(picture)
        changes.notify()
    }

    func finish() {
        isOver = true
        changes.notify()
    }

    func next() -> PartialPicture? { queue.isEmpty ? nil : queue.removeFirst() }

    var isEmpty: Bool { queue.isEmpty }

    /// Returns when there is something to take or nothing more will come: true; or when `limit` is over or the task is cancelled: false.
    func wait(atMost limit: Duration? = nil) async -> Bool {
        await changes.wait(atMost: limit) { [self] in !queue.isEmpty || isOver }
    }
}
