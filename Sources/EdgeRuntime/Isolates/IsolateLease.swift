// A call's place in a process: held from the hand-over until the answer's last byte.
internal import EdgeLoop

/// Given back once: by ``release()``, or by itself when the last reference to it goes.
@LoopActor
final class IsolateLease {
    let isolate: Isolate
    /// Whether the function's circuit waits for what becomes of this call.
    let isProbe: Bool
    let request: String?
    private let owner: Isolates
    private var isHeld = true

    init(_ isolate: Isolate, request: String?, isProbe: Bool, owner: Isolates) {
        self.isolate = isolate
        self.request = request
        self.isProbe = isProbe
        self.owner = owner
        isolate.begin(request)
    }

    func release() {
        guard isHeld else { return }
        isHeld = false
        isolate.end(request)
        owner.released(self)
    }

    isolated deinit { release() }
}
