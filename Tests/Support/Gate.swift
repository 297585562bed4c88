// A door that a test opens when it is time.
public import EdgeLoop

/// Waiters go on once it is open. Starts closed.
@LoopActor
public final class Gate {
    public private(set) var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    public init() {}

    public func open() {
        isOpen = true
        let waiting = waiting
        self.waiting = []
        for continuation in waiting { continuation.resume() }
    }

    public func wait() async {
        if !isOpen { await withCheckedContinuation { waiting.append($0) } }
    }
}
