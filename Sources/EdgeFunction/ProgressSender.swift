// Progress of one run on its way to the host: one message at a time, and only the newest.

/// Sends what was shown last. A run that shows every step is not slowed down by a host that is busy.
@LoopActor
final class ProgressSender {
    private let send: @LoopActor (JSONValue) async -> Void
    private var newest: JSONValue?
    private var sending: Task<Void, Never>?

    init(_ send: @escaping @LoopActor (JSONValue) async -> Void) { self.send = send }

    func show(_ progress: JSONValue) {
        newest = progress
        guard sending == nil else { return }
        sending = Task { @LoopActor in
            while let next = newest, !Task.isCancelled {
                newest = nil
                await send(next)
            }
            sending = nil
        }
    }

    func stop() {
        newest = nil
        sending?.cancel()
    }
}
