// Waiting for what nobody tells: files and processes of another program.
internal import EdgeLoop

/// Looks every few milliseconds until `isTrue`.
/// - Throws: ``WaitedTooLong``.
@LoopActor
public func eventually(
    _ what: @autoclosure () -> String,
    atMost limit: Duration = Changes.patience,
    _ isTrue: @LoopActor () throws -> Bool
) async throws {
    let changes = Changes()
    let timer = LoopTimer(after: .milliseconds(5), every: .milliseconds(5)) { changes.notify() }
    defer { timer.cancel() }
    try await changes.wait(for: what(), atMost: limit, until: isTrue)
}

/// The same for something that must be asked for.
@LoopActor
public func eventually(
    _ what: @autoclosure () -> String,
    atMost limit: Duration = Changes.patience,
    asking isTrue: @LoopActor () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !isTrue() {
        guard ContinuousClock.now < end else { throw WaitedTooLong(what: what(), limit: limit) }
        try await sleep(for: .milliseconds(20))
    }
}
