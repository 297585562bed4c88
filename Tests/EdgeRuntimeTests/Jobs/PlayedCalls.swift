// Functions without processes.
import EdgeLoop
import Retry

@testable import EdgeRuntime

/// Functions as a test plays them.
@LoopActor
final class PlayedCalls: FunctionCalls {
    var answer: @LoopActor (Generation, Attempt) async -> RunAnswer = { _, _ in
        .unfinished(.final(status: 400), RunNote(status: 400, message: "not played", code: "x"))
    }
    private(set) var count = 0
    private let changed = ChangeSignal()

    func run(_ generation: Generation, attempt: Attempt, timeout: Duration) async -> RunAnswer {
        count += 1
        changed.notify()
        return await answer(generation, attempt)
    }

    /// What cancelling does; the tasks are noted as soon as the call begins.
    var canceling: @LoopActor () async -> Void = {}
    private(set) var canceled: [LeftTask] = []

    func cancel(_ task: LeftTask) async {
        canceled.append(task)
        changed.notify()
        await canceling()
    }

    /// Waits until that many tasks have been cancelled.
    func canceled(_ number: Int) async {
        while canceled.count < number { _ = await changed.wait() }
    }

    /// Waits until that many runs have begun.
    func begun(_ number: Int) async {
        while count < number { _ = await changed.wait() }
    }
}
