// Waiting for what nobody tells: files and processes of another program.
public import EdgeLoop

/// Looks every few milliseconds until `isTrue`, and less often when it takes long: a look may cost a walk through /proc.
/// - Throws: ``WaitedTooLong``.
@LoopActor
public func eventually(
    _ what: @autoclosure () -> String,
    atMost limit: Duration = Changes.patience,
    _ isTrue: @LoopActor () throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    var pause = Duration.milliseconds(4)
    while try !isTrue() {
        guard ContinuousClock.now < end else { throw WaitedTooLong(what: what(), limit: limit) }
        try await sleep(for: pause)
        pause = min(pause + .milliseconds(2), .milliseconds(32))
    }
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
