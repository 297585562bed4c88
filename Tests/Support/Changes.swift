// Waiting for something to become true, with an end to the patience.
public import EdgeLoop

/// Wakes those who wait when something has changed. A wait that takes too long is an error that says what was waited for.
@LoopActor
public final class Changes {
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Generous: debug builds on a busy machine, where any process may stand still for many seconds. A test that passes never waits
    /// this long.
    public static let patience = Duration.seconds(150)

    public init() {}

    public func notify() {
        let waiting = waiting
        self.waiting = []
        for continuation in waiting { continuation.resume() }
    }

    /// Returns as soon as `isTrue` after a change.
    public func wait(
        for what: @autoclosure () -> String,
        atMost limit: Duration = Changes.patience,
        until isTrue: @LoopActor () throws -> Bool
    ) async throws {
        if try isTrue() { return }
        let end = ContinuousClock.now + limit
        let timer = LoopTimer(after: limit) { [weak self] in self?.notify() }
        defer { timer.cancel() }
        while try !isTrue() {
            guard ContinuousClock.now < end else { throw WaitedTooLong(what: what(), limit: limit) }
            await withCheckedContinuation { waiting.append($0) }
        }
    }
}

/// What a test waited for did not happen.
public struct WaitedTooLong: Error, CustomStringConvertible {
    public let what: String
    public let limit: Duration

    public var description: String { "waited \(limit) for \(what)" }
}
