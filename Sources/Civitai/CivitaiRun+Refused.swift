// Workflows that Civitai did not make: refused with a 403, which has two meanings, or failed on the way.
internal import JSON
internal import Providers

extension CivitaiRun {
    /// A 403 says "not allowed" and "not enough Buzz" alike, and its text proves neither. The same workflow as a trial, which is
    /// priced and not run, tells which it is.
    func forbidden(
        _ reply: ProviderReply,
        _ body: CivitaiWorkflowBody,
        _ task: CivitaiTask,
        isBegun: Bool
    ) async -> ProviderError {
        let fault = CivitaiFault(reply.body)
        let call = requests.submit(body.json(task.id, isTrial: true), isTrial: true, timeout: attempt.timeout)
        let meaning: CivitaiRefusal.Meaning
        let trial = try? await provider.transport.send(call)
        if let trial, (200..<300).contains(trial.status), let json = trial.json {
            let price = CivitaiPrice(json)
            switch price.isLacking {
            case true?: meaning = .noBuzz(price.total)
            case false?: meaning = refusal(task).forbiddenWithBuzz(fault)
            case nil: meaning = refusal(task).forbidden(fault)
            }
        } else {
            meaning = refusal(task).forbidden(fault)
        }
        return error(reply, as: meaning, task, isBegun: isBegun)
    }

    /// A workflow that has come to its end without an image.
    func failed(_ workflow: CivitaiWorkflow, _ task: CivitaiTask, _ reply: ProviderReply) -> ProviderError {
        let meaning = meaning(of: workflow)
        let said = SaidText.line(workflow.errors, hiding: provider.settings.key).map { ". It says: \($0)" } ?? ""
        return ProviderError(
            provider: provider.name,
            kind: meaning.kind,
            message: "\(meaning.advice)\(said)",
            status: reply.status,
            requestID: task.workflow?.text,
            mayBePaid: workflow.price.mayBePaid
        ).over
    }

    private func meaning(of workflow: CivitaiWorkflow) -> CivitaiRefusal.Meaning {
        let reason = workflow.reason
        if let blocked = workflow.blockedReason { return .blocked(blocked, hiding: provider.settings.key) }
        if workflow.price.isLacking == true { return .noBuzz(workflow.price.total) }
        switch (workflow.state, reason) {
        case (.canceled, _), (_, "canceled"):
            return CivitaiRefusal.Meaning(.refused, "the workflow was canceled at Civitai: send the request again")
        case (.expired, _), (_, "expired"):
            return CivitaiRefusal.Meaning(
                .unavailable(after: nil),
                "no worker at Civitai took the workflow in time: try again"
            )
        case (_, "no_provider_available"):
            return CivitaiRefusal.Meaning(
                .unavailable(after: nil),
                "no worker at Civitai serves \(model) now: try again later or choose another model"
            )
        case (_, "timeout"):
            return CivitaiRefusal.Meaning(
                .unavailable(after: nil),
                "the workflow took longer than Civitai waits: try again, or ask for fewer steps or a smaller size"
            )
        case (_, nil) where attempt.number > 1:
            // Once more is safe, by the guide; more often is not.
            return CivitaiRefusal.Meaning(
                .refused,
                "the workflow failed again at Civitai, without a reason: change the request or choose another model"
            )
        case (_, let reason):
            let why = reason.flatMap { SaidText.line($0, hiding: provider.settings.key) }.map { " (\($0))" } ?? ""
            return CivitaiRefusal.Meaning(.unavailable(after: nil), "the workflow failed at Civitai\(why): try again")
        }
    }
}

extension CivitaiRefusal.Meaning {
    /// The verdict of Civitai's moderation.
    static func blocked(_ reason: String, hiding key: ProviderKey?) -> CivitaiRefusal.Meaning {
        let why = SaidText.line(reason, hiding: key).map { " (\($0))" } ?? ""
        return CivitaiRefusal.Meaning(.moderated, "Civitai blocked the image\(why): change the prompt")
    }
}
