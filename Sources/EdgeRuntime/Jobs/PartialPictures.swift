// The unfinished pictures of running work: shown to who waits, kept by nobody.
internal import EdgeLoop

/// A picture as it stands before it is finished, in an open file without a name.
struct PartialPicture: Sendable {
    let image: ImageHandle
    /// Media type.
    let type: String
    /// As its function counts, from 0.
    let index: Int
    var width: Int?
    var height: Int?
    var quality: String?
    var background: String?
}

/// Somebody who would see unfinished pictures of one image.
@LoopActor
final class PartialOnlooker {
    /// How many more, at most. Attempts that fail do not give any back.
    private(set) var left: Int
    private let take: @LoopActor (PartialPicture) -> Void

    init(wanted: Int, take: @escaping @LoopActor (PartialPicture) -> Void) {
        left = min(wanted, PartialPictures.countMax)
        self.take = take
    }

    fileprivate func see(_ picture: PartialPicture) {
        guard left > 0 else { return }
        left -= 1
        take(picture)
    }
}

/// What the attempt that is under way has shown, and who looks on.
@LoopActor
final class PartialPictures {
    /// Pictures that are kept open for who comes later, and the most that anybody can ask for.
    nonisolated static let countMax = 3

    private(set) var shown: [PartialPicture] = []
    private var onlookers: [PartialOnlooker] = []

    /// How many more somebody would see.
    var toAsk: Int { onlookers.map(\.left).max() ?? 0 }

    var hasRoom: Bool { toAsk > 0 && shown.count < Self.countMax }

    var isUnwatched: Bool { onlookers.isEmpty }

    func show(_ picture: PartialPicture) {
        guard hasRoom else { return }
        shown.append(picture)
        for onlooker in onlookers { onlooker.see(picture) }
    }

    /// Shows those that are there already, and then each as it comes.
    func watch(_ onlooker: PartialOnlooker) {
        for picture in shown { onlooker.see(picture) }
        onlookers.append(onlooker)
    }

    func forget(_ onlooker: PartialOnlooker) { onlookers.removeAll { $0 === onlooker } }

    /// The next attempt makes another picture: who comes later sees nothing of this one.
    func attemptEnded() { shown = [] }
}
