// How a run goes on: what is waited for, how often, and when it is given up.
internal import CivilTime
internal import JSON
internal import Providers

extension CivitaiRun {
    /// Nobody knows whether the workflow arrived: submitted again next, under the same id.
    func lost(_ task: CivitaiTask, _ error: ProviderError) async throws(ProviderError) -> ProviderAnswer {
        var task = task
        task.phase = .lost
        return try await unanswered(task, error)
    }

    /// No answer of use came: the same again, some times.
    /// - Parameter error: what ends it when that was too often.
    func unanswered(_ task: CivitaiTask, _ error: ProviderError) async throws(ProviderError) -> ProviderAnswer {
        var task = task
        if case .rateLimited(let after) = error.kind {  // no failure: the answer may say how long to wait
            // Longer than the workflow may take: the caller's wait, so that a workflow that is paid is not given up for it.
            if let after, provider.now() + after >= task.since + CivitaiTask.lifeMax { throw error.perhapsPaid }
            task.asks += 1
            return try await later(task, after: after)
        }
        task.failures += 1
        guard task.failures < task.failuresMax else { throw error.perhapsPaid }
        return try await later(task)
    }

    /// - Parameter after: what the answer asked for, if it did.
    func later(_ task: CivitaiTask, after: Duration? = nil) async throws(ProviderError) -> ProviderAnswer {
        let pause = max(after ?? .zero, task.pause)
        guard provider.now() + pause < task.since + CivitaiTask.lifeMax else {
            // So that what nobody waits for any more costs nothing.
            if task.phase != .made { await provider.cancel(task) }
            throw provider.refusal(
                .unavailable(after: nil),
                "the workflow was not finished \(CivitaiTask.lifeMax.components.seconds / 60) minutes after it began, and was cancelled: it may be paid; try again",
                mayBePaid: true
            ).over
        }
        return .later(after: pause, state: task.json)
    }
}
