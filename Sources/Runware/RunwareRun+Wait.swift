// How a run goes on: what is waited for, how often, and when it is given up.
internal import CivilTime
internal import JSON
internal import Providers

extension RunwareRun {
    /// Nobody knows whether the task arrived: asked about next.
    func lost(_ task: RunwareTask, _ error: ProviderError) throws(ProviderError) -> ProviderAnswer {
        var task = task
        task.phase = .lost
        return try unanswered(task, error)
    }

    /// No answer of use came: the same again, some times.
    /// - Parameter error: what ends it when that was too often.
    func unanswered(
        _ task: RunwareTask,
        _ error: ProviderError,
        atMost failuresMax: Int = .max
    ) throws(ProviderError) -> ProviderAnswer {
        var task = task
        if case .rateLimited(let after) = error.kind {  // no failure: the answer may say how long to wait
            task.asks += 1
            return try later(task, after: after)
        }
        task.failures += 1
        guard task.failures < min(failuresMax, task.failuresMax) else { throw error.perhapsPaid }
        return try later(task)
    }

    /// - Parameter after: what the answer asked for, if it did.
    func later(_ task: RunwareTask, after: Duration? = nil) throws(ProviderError) -> ProviderAnswer {
        let pause = max(after ?? .zero, task.pause)
        guard provider.now() + pause < task.since + RunwareTask.lifeMax else {
            throw provider.refusal(
                .unavailable(after: nil),
                "the task \(task.id) was not finished \(RunwareTask.lifeMax.components.seconds / 60) minutes after it began: it may be paid; try again",
                mayBePaid: true
            ).over
        }
        return .later(after: pause, state: task.json)
    }

    func error(_ fault: RunwareFault?, _ reply: RunwareReply, isBegun: Bool) -> ProviderError {
        let refusal = RunwareRefusal(
            settings: provider.settings,
            model: model,
            task: reply.task,
            now: provider.now()
        )
        return refusal.error(fault, reply.reply, isBegun: isBegun)
    }
}

extension RunwareFault {
    /// Whether a task may be at work in spite of it.
    var isUnclear: Bool {
        switch errorClass {
        case .timeout, .serverError, .unknown: true
        case .provider: !RunwareErrorClass.loadingCodes.contains(code) && code != "modelDisabled"
        case .quota, .rateLimit, .safety, .auth, .notFound, .validation: false
        }
    }

    /// Whether the model wants its pictures under `inputs`.
    var asksForInputs: Bool {
        ["unsupportedParameter", "unknownParameter"].contains(code) && !parameters.isEmpty
            && parameters.allSatisfy { ["seedImage", "maskImage", "frameImages"].contains($0) }
    }
}

extension ProviderError {
    var isRateLimit: Bool { if case .rateLimited = kind { true } else { false } }

    /// Whether the same is to be sent again after a while.
    var isWait: Bool { if case .loading = kind { true } else { isRateLimit } }
}
