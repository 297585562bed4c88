// Keeps the number of programs that tests run at once to what the machine can take.
internal import EdgeLoop

/// Tests start together; their hosts must not.
@LoopActor
enum HostSlots {
    private static var free = 6
    private static var waiting: [CheckedContinuation<Void, Never>] = []

    static func take() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    static func giveBack() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
