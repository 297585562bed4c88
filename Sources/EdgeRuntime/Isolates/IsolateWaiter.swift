// A call that waits for a place in a process.
internal import EdgeLoop

/// In the queue of ``Isolates`` until it gets a place or a reason why not.
@LoopActor
final class IsolateWaiter {
    let request: String?
    let isProbe: Bool
    private let outcome = OneShot<Result<IsolateLease, IsolateError>>()

    init(request: String?, isProbe: Bool) {
        self.request = request
        self.isProbe = isProbe
    }

    func finish(_ result: Result<IsolateLease, IsolateError>) { outcome.finish(result) }

    func wait() async -> Result<IsolateLease, IsolateError> { await outcome.wait() }
}
