// Keeps the number of programs that tests run at once to what the machine can take.
internal import EdgeLoop

/// Tests start together; their hosts must not.
@LoopActor
final class HostSlots {
    /// Hosts, which last as long as a test.
    static let hosts = HostSlots(6)
    /// Commands, which end by themselves: a test with a host may wait for one, and none of them waits for a host.
    static let commands = HostSlots(6)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    private init(_ count: Int) { free = count }

    func take() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func giveBack() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
