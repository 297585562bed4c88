// One run of an attempt: begins its task or asks about it, and decides what the answer means.
internal import CivilTime
internal import JSON
internal import Providers

/// Makes one call for a task, and one more where a result is to be fetched or a task to be sent again.
struct RunwareRun {
    let provider: Runware
    let request: ImageRequest
    let model: RunwareModel
    let attempt: ProviderAttempt

    var requests: RunwareRequests { RunwareRequests(settings: provider.settings) }

    /// Sends the task.
    func begin(_ begun: RunwareTask) async throws(ProviderError) -> ProviderAnswer {
        var task = begun
        let isFirst = task.phase == .new
        var body = RunwareTaskBody(settings: provider.settings, request: request, model: model)
        if let image = request.image { body.image = try await dataURI(image) }
        if let mask = request.mask { body.mask = try await dataURI(mask) }
        let call = requests.begin(body.json(task.id, form: task.form), kind: request.kind, timeout: attempt.timeout)
        task.sends += 1
        let reply: RunwareReply
        do throws(TransportError) {
            reply = RunwareReply(try await provider.transport.send(call), of: task.id)
        } catch {
            let failure = CallFailure(error, call)
            let isBegun = !isFirst || error.mayHaveBeenSent
            guard failure.isPassing, isBegun else { throw failure.error(isBegun: isBegun) }
            return try lost(task, failure.error(isBegun: true))
        }
        if let result = reply.results.first { return try await deliver(result, of: reply, task) }
        if let fault = reply.faults.first { return try await refused(task, fault, reply, isFirst: isFirst) }
        // Half a document, or a page of a proxy: nobody knows what became of the task.
        let status = reply.reply.status
        guard reply.isReadable, (200..<300).contains(status) else {
            let error = error(nil, reply, isBegun: !isFirst)
            let isUnclear = (200..<300).contains(status) || Self.isUnclear(status) || !isFirst && error.isRateLimit
            return isUnclear ? try lost(task, error) : try fail(error)
        }
        return try await working(task, reply)
    }

    /// Asks what became of a task that was sent, or may have been.
    func ask(_ asked: RunwareTask) async throws(ProviderError) -> ProviderAnswer {
        var task = asked
        let call = requests.question(task.id, kind: request.kind, timeout: attempt.timeout)
        let reply: RunwareReply
        do throws(TransportError) {
            reply = RunwareReply(try await provider.transport.send(call), of: task.id)
        } catch {
            let failure = CallFailure(error, call)
            guard failure.isPassing else { throw failure.error(isBegun: true) }
            return try unanswered(task, failure.error(isBegun: true))
        }
        if let result = reply.results.first { return try await deliver(result, of: reply, task) }
        if let fault = reply.faults.first { return try await failed(task, fault, reply) }
        guard reply.isReadable, (200..<300).contains(reply.reply.status) else {
            let error = error(nil, reply, isBegun: true)
            let passes = (200..<300).contains(reply.reply.status) || Self.isUnclear(reply.reply.status)
            return passes || error.isRateLimit ? try unanswered(task, error) : try fail(error)
        }
        switch task.phase {
        case .lost where reply.elements.isEmpty:
            // An unknown task answers like one at work. Sent again with the same id it is refused if it has arrived.
            guard task.sends < RunwareTask.sendsMax else {
                throw provider.refusal(
                    .unavailable(after: nil),
                    "the task \(task.id) was sent \(task.sends) times, and no answer says what became of it: it may be paid",
                    mayBePaid: true
                )
            }
            return try await begin(task)
        case .made:
            return try unanswered(task, provider.refusal(.badAnswer, "the result is gone", mayBePaid: true))
        case .new, .lost, .working:
            task.asks += 1
            return try await working(task, reply)
        }
    }

    /// Runware has the task: it is asked about later.
    private func working(_ task: RunwareTask, _ reply: RunwareReply) async throws(ProviderError) -> ProviderAnswer {
        var task = task
        task.phase = .working
        task.failures = 0
        if let progress = reply.progress { await attempt.report(progress, "\(Int(progress * 100 + 0.5)) percent") }
        return try later(task)
    }

    /// Runware refused what was sent.
    private func refused(
        _ task: RunwareTask,
        _ fault: RunwareFault,
        _ reply: RunwareReply,
        isFirst: Bool
    ) async throws(ProviderError) -> ProviderAnswer {
        var task = task
        if fault.code == "conflictTaskUUID" {
            guard !isFirst else {
                throw provider.refusal(
                    .badAnswer,
                    "Runware says that the task \(task.id) was sent before: look for it in the account before trying again",
                    mayBePaid: true
                )
            }
            task.phase = .working  // an earlier call has arrived after all
            task.failures = 0
            return try later(task)
        }
        if task.form == .plain, fault.asksForInputs {
            // Newer models want pictures elsewhere. Nothing was begun, and the new form has an id of its own.
            task.form = .inputs
            task.id = task.id.sibling
            return try await begin(task)
        }
        let error = error(fault, reply, isBegun: !isFirst)
        let isUnclear = Self.isUnclear(reply.reply.status) && fault.isUnclear
        return isUnclear || !isFirst && error.isWait ? try lost(task, error) : try fail(error)
    }

    /// The task failed, or the question about it did.
    private func failed(
        _ task: RunwareTask,
        _ fault: RunwareFault,
        _ reply: RunwareReply
    ) async throws(ProviderError) -> ProviderAnswer {
        let status = reply.reply.status
        let isOfTask =
            fault.isInside
            || fault.taskUUID != nil && status != 429 && !(status >= 500 && fault.errorClass == .serverError)
        if fault.errorClass == .notFound, fault.code.hasPrefix("task"), !fault.isInside {
            if task.phase == .lost, task.sends < RunwareTask.sendsMax { return try await begin(task) }
            // So soon it may only not be known there yet.
            return try unanswered(task, error(fault, reply, isBegun: true), atMost: RunwareTask.unknownMax)
        }
        if isOfTask {
            // What the key may not do any more says nothing about the task itself.
            throw error(fault, reply, isBegun: fault.errorClass == .auth && !fault.isInside).over
        }
        let error = error(fault, reply, isBegun: true)
        return fault.isUnclear || error.isRateLimit ? try unanswered(task, error) : try fail(error)
    }

    private func dataURI(_ picture: ImageInput) async throws(ProviderError) -> String {
        do throws(ImageInputError) {
            return try await picture.dataURI()
        } catch {
            throw provider.refusal(.refused, "\(error)")
        }
    }

    private func fail(_ error: ProviderError) throws(ProviderError) -> ProviderAnswer { throw error }

    /// Statuses that say nothing about what became of a task.
    private static func isUnclear(_ status: Int) -> Bool { status >= 500 || status == 408 || status == 425 }
}
