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

/// What has been shown of one generation, and who looks on.
@LoopActor
final class PartialPictures {
    /// Pictures that are kept open for who comes later, and the most that anybody can ask for.
    nonisolated static let countMax = 3

    /// False where an unsafe picture is none for its caller: what may not be shown when it is whole is not shown before.
    private let isAllowed: Bool
    /// How many somebody would see; 0: nobody.
    private(set) var wanted = 0
    private(set) var shown: [PartialPicture] = []
    private var onlookers: [Int: @LoopActor (PartialPicture) -> Void] = [:]
    private var nextOnlooker = 0

    init(isAllowed: Bool) { self.isAllowed = isAllowed }

    func want(_ count: Int) {
        if isAllowed { wanted = max(wanted, min(count, Self.countMax)) }
    }

    /// Whether one more has a place: a run that is made again does not begin anew with them.
    var hasRoom: Bool { shown.count < wanted }

    func show(_ picture: PartialPicture) {
        guard hasRoom else { return }
        shown.append(picture)
        for onlooker in onlookers.values { onlooker(picture) }
    }

    /// Shows those that are there already, and then each as it comes.
    /// - Returns: what ``forget(_:)`` takes.
    func watch(_ onlooker: @escaping @LoopActor (PartialPicture) -> Void) -> Int {
        for picture in shown { onlooker(picture) }
        nextOnlooker += 1
        onlookers[nextOnlooker] = onlooker
        return nextOnlooker
    }

    func forget(_ onlooker: Int) { onlookers[onlooker] = nil }
}
