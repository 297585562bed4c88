// The pictures of one streamed request, unfinished and finished, on their way to its client.
internal import EdgeLoop

/// Queues what its jobs show and make until the client has taken it: of each image at most ``wanted`` and the whole one, as open files.
@LoopActor
final class ImageFeed {
    enum Item {
        case partial(PartialPicture)
        case whole(OpenAIImage)
    }

    /// Unfinished pictures of each image: an upper bound.
    let wanted: Int
    private var queue: [Item] = []
    /// Whether all of its images have ended.
    private(set) var isOver = false
    private let changes = ChangeSignal()

    init(wanted: Int) { self.wanted = wanted }

    /// Brings what one image shows; nil where nothing unfinished is wanted.
    func onlooker() -> PartialOnlooker? {
        wanted > 0 ? PartialOnlooker(wanted: wanted) { [self] in take(.partial($0)) } : nil
    }

    func take(_ item: Item) {
        guard !isOver else { return }
        queue.append(item)
        changes.notify()
    }

    func finish() {
        isOver = true
        changes.notify()
    }

    var first: Item? { queue.first }

    func next() -> Item? { queue.isEmpty ? nil : queue.removeFirst() }

    /// Returns when there is something to take or nothing more will come: true; or when `limit` is over or the task is cancelled: false.
    func wait(atMost limit: Duration? = nil) async -> Bool {
        await changes.wait(atMost: limit) { [self] in !queue.isEmpty || isOver }
    }
}
