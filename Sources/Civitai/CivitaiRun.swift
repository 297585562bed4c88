// One run of an attempt: submits its workflow or asks about it, and decides what the answer means.
internal import CivilTime
internal import JSON
internal import Providers

/// Makes one call for a workflow, and more where a result is to be fetched or a refusal to be understood.
struct CivitaiRun {
    let provider: Civitai
    let request: ImageRequest
    let model: CivitaiAIR
    let attempt: ProviderAttempt

    var requests: CivitaiRequests {
        CivitaiRequests(settings: provider.settings, hidesMature: request.checksSafety == true)
    }

    func goOn(_ task: CivitaiTask) async throws(ProviderError) -> ProviderAnswer {
        guard let workflow = task.workflow, task.phase != .lost, task.phase != .new else {
            return try await submit(task)
        }
        return try await ask(task, workflow)
    }

    /// Sends the workflow, or sends it again: the same body under the same id.
    func submit(_ submitted: CivitaiTask) async throws(ProviderError) -> ProviderAnswer {
        var task = submitted
        let isFirst = task.phase == .new
        var body = CivitaiWorkflowBody(request: request, model: model)
        body.image = try await dataURI(request.image)
        let call = requests.submit(body.json(task.id), timeout: attempt.timeout)
        let reply: ProviderReply
        do throws(TransportError) {
            reply = try await provider.transport.send(call)
        } catch {
            let failure = CallFailure(error, call)
            let isBegun = !isFirst || error.mayHaveBeenSent
            guard failure.isPassing, isBegun else { throw failure.error(isBegun: isBegun) }
            return try await lost(task, failure.error(isBegun: true))
        }
        let isSuccess = (200..<300).contains(reply.status)
        if isSuccess, let workflow = reply.json.flatMap({ CivitaiWorkflow($0) }) {
            task.workflow = workflow.id
            return try await settle(workflow, task, reply)
        }
        if reply.status == 403 { throw await forbidden(reply, body, task, isBegun: !isFirst) }
        let error = error(reply, task, isBegun: !isFirst)
        // Half a document, or a page of a gateway: nobody knows what became of it.
        if isSuccess || Self.isUnclear(reply.status) || !isFirst && error.isRateLimit {
            return try await lost(task, error)
        }
        throw error
    }

    /// Asks what became of a workflow that Civitai has.
    private func ask(
        _ asked: CivitaiTask,
        _ workflow: WorkflowID
    ) async throws(ProviderError) -> ProviderAnswer {
        var task = asked
        let call = requests.question(workflow, timeout: attempt.timeout)
        let reply: ProviderReply
        do throws(TransportError) {
            reply = try await provider.transport.send(call)
        } catch {
            let failure = CallFailure(error, call)
            guard failure.isPassing else { throw failure.error(isBegun: true) }
            return try await unanswered(task, failure.error(isBegun: true))
        }
        let isSuccess = (200..<300).contains(reply.status)
        if isSuccess, let answer = reply.json.flatMap({ CivitaiWorkflow($0) }), answer.id == workflow {
            task.asks += 1
            return try await settle(answer, task, reply)
        }
        let error = error(reply, task, isBegun: true)
        switch reply.status {
        case 404:
            // So soon it may only not be known there yet. At last there is nothing to ask about any more.
            task.unknowns += 1
            guard task.unknowns < CivitaiTask.unknownMax else { throw error.over }
            return try await unanswered(task, error)
        case 401, 403: throw error
        default:
            guard isSuccess || Self.isUnclear(reply.status) || error.isRateLimit else { throw error }
            return try await unanswered(task, error)
        }
    }

    /// Civitai has the workflow, and this is how it stands.
    private func settle(
        _ workflow: CivitaiWorkflow,
        _ settled: CivitaiTask,
        _ reply: ProviderReply
    ) async throws(ProviderError) -> ProviderAnswer {
        var task = settled
        switch workflow.state {
        case .succeeded: return try await deliver(workflow, task, reply)
        case .failed, .expired, .canceled: throw failed(workflow, task, reply)
        case .working:
            task.phase = .working
            task.failures = 0
            if let progress = workflow.progress { await attempt.report(progress.fraction, progress.note) }
            return try await later(task)
        }
    }

    private func dataURI(_ picture: ImageInput?) async throws(ProviderError) -> String? {
        guard let picture else { return nil }
        do throws(ImageInputError) {
            return try await picture.dataURI()
        } catch {
            throw provider.refusal(.refused, "\(error)")
        }
    }

    func error(
        _ reply: ProviderReply,
        as meaning: CivitaiRefusal.Meaning? = nil,
        _ task: CivitaiTask,
        isBegun: Bool
    ) -> ProviderError { refusal(task).error(reply, as: meaning, isBegun: isBegun) }

    func refusal(_ task: CivitaiTask) -> CivitaiRefusal {
        CivitaiRefusal(settings: provider.settings, model: model, task: task, now: provider.now())
    }

    /// Statuses that say nothing about what became of a workflow.
    private static func isUnclear(_ status: Int) -> Bool { status >= 500 || [408, 409, 425].contains(status) }
}

extension ProviderError {
    var isRateLimit: Bool { if case .rateLimited = kind { true } else { false } }
}
