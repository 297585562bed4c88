// Tasks that providers work on for jobs which have gone on elsewhere.
internal import EdgeLoop

/// What a job leaves behind at a provider: its function can tell the provider to stop.
struct LeftTask: Equatable, Sendable {
    /// As the function was told it.
    let job: String
    let function: String
    let lane: String?
    /// What the function left: JSON text.
    let state: [UInt8]
    /// The caller's own token that it was begun with.
    var token: TokenName?
}

/// Passes cancellations on beside the work of the jobs: a few at once, for a provider that fails may be slow to hear it, and a
/// place in the function's process that they take is one that no run has.
@LoopActor
final class LeftTasks {
    private let calls: any FunctionCalls
    private let log: @LoopActor (String) -> Void
    /// Told whenever one has ended.
    private let onEnded: @LoopActor () -> Void
    private var waiting: [LeftTask] = []
    private var underWay = 0

    static let atOnceMax = 4
    /// A state has at most 16 KiB, and mostly some hundred bytes.
    static let waitingMax = 1000

    init(
        calls: any FunctionCalls,
        log: @escaping @LoopActor (String) -> Void,
        onEnded: @escaping @LoopActor () -> Void
    ) {
        self.calls = calls
        self.log = log
        self.onEnded = onEnded
    }

    var isEmpty: Bool { underWay == 0 && waiting.isEmpty }

    /// Returns at once.
    func cancel(_ task: LeftTask) {
        guard waiting.count < Self.waitingMax else {
            return log(
                "job \(task.job): the task that it left at \(task.lane ?? "its provider") was not cancelled: too many wait"
            )
        }
        waiting.append(task)
        goOn()
    }

    private func goOn() {
        guard underWay < Self.atOnceMax, !waiting.isEmpty else { return }
        let task = waiting.removeFirst()
        underWay += 1
        Task(executorPreference: LoopActor.tasks) { await self.pass(task) }
    }

    private func pass(_ task: LeftTask) async {
        await calls.cancel(task)
        underWay -= 1
        goOn()
        onEnded()
    }
}
