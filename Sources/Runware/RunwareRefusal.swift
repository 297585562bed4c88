// What each class of Runware's errors means, as a sentence that says what to do.
internal import CivilTime
internal import JSON
internal import Providers
internal import Retry

/// Makes an error of an answer. Pure: the time is an argument, for a Retry-After that is a date.
struct RunwareRefusal {
    let settings: RunwareSettings
    let model: RunwareModel?
    let task: TaskUUID?
    let now: Timestamp

    /// - Parameters:
    ///   - fault: nil where the answer says nothing that can be read: then its status decides.
    ///   - isBegun: whether the task may have been at work, and charged, before this came.
    func error(_ fault: RunwareFault?, _ reply: ProviderReply, isBegun: Bool) -> ProviderError {
        let isSuccess = (200..<300).contains(reply.status)
        let meaning =
            if let fault, isSuccess || !fault.code.isEmpty {
                meaning(of: fault, reply)
            } else if isSuccess {
                Meaning(.badAnswer, "Runware's answer cannot be read: it is cut off, or no JSON")
            } else {
                meaning(ofStatus: reply)
            }
        let fault = fault ?? RunwareFault()
        let mark = fault.code.isEmpty ? "" : ", code \(SaidText.line(fault.code, hiding: settings.key) ?? "")"
        let said = SaidText.line(fault.message, hiding: settings.key).map { ". It says: \($0)" } ?? ""
        let error = ProviderError(
            provider: "runware",
            kind: meaning.kind,
            message: "\(meaning.advice) (status \(reply.status)\(mark))\(said)",
            status: reply.status,
            requestID: task?.description,
            mayBePaid: isBegun || meaning.mayBePaid
        )
        // What one model takes is known only when it is asked; another provider's may take it.
        let isOfModel = ["unsupportedParameter", "unknownParameter"].contains(fault.code) || fault.limits != nil
        return error.kind == .refused && isOfModel ? error.unfit : error
    }

    /// When the answer asks to come again.
    static func after(_ reply: ProviderReply, now: Timestamp) -> Duration? {
        RetryAfter.pause(in: reply.header, now: now)
    }

    private struct Meaning {
        let kind: ProviderError.Kind
        let advice: String
        /// Whether a task that failed like this may have been charged: Runware does not say.
        var mayBePaid = false

        init(_ kind: ProviderError.Kind, _ advice: String, mayBePaid: Bool = false) {
            self.kind = kind
            self.advice = advice
            self.mayBePaid = mayBePaid
        }
    }

    private var modelName: String { model.map { "the model \($0)" } ?? "the model" }

    private func meaning(of fault: RunwareFault, _ reply: ProviderReply) -> Meaning {
        let after = Self.after(reply, now: now)
        switch fault.errorClass {
        case .quota where fault.code.hasPrefix("provider") || fault.code.hasPrefix("thirdParty"):
            return Meaning(.payment, "Runware has no credit left with the host of \(modelName): choose another model")
        case .quota:
            return Meaning(.payment, "the Runware account has no credit left: add some at https://runware.ai")
        case .rateLimit: return Meaning(.rateLimited(after: after), "Runware limits requests: wait, then try again")
        case .safety:
            return Meaning(.moderated, "Runware found the prompt or the picture unsafe: change it")
        case .auth where RunwareErrorClass.permissionCodes.contains(fault.code):
            return Meaning(
                .permission,
                "the key or its account may not do this: check both in the account at https://runware.ai"
            )
        case .auth:
            return Meaning(
                .credentials,
                "the key was refused: make a new one in the account at https://runware.ai and set RUNWARE_API_KEY"
            )
        case .timeout:
            return Meaning(
                .unavailable(after: after),
                "\(modelName) took longer than Runware waits: try again, or ask for fewer steps or a smaller size",
                mayBePaid: true
            )
        case .notFound where fault.code.hasPrefix("task"):
            return Meaning(.unavailable(after: after), "Runware no longer knows the task: try again", mayBePaid: true)
        case .notFound where fault.code.hasPrefix("media"):
            return Meaning(.refused, "Runware no longer has the picture that was sent: send the request again")
        case .notFound:
            return Meaning(.notFound, "\(modelName) does not exist at Runware: check its name or choose another")
        case .serverError:
            return Meaning(.unavailable(after: after), "Runware failed: try again later", mayBePaid: true)
        case .provider where RunwareErrorClass.loadingCodes.contains(fault.code):
            return Meaning(.loading(estimate: after), "\(modelName) is not ready: try again soon")
        case .provider where fault.code == "modelDisabled":
            return Meaning(.notFound, "\(modelName) is switched off at Runware: choose another")
        case .provider:
            return Meaning(
                .unavailable(after: after),
                "the host of \(modelName) failed: try again later or choose another model",
                mayBePaid: true
            )
        case .validation: return Meaning(.refused, advice(on: fault))
        case .unknown where reply.status >= 500:
            return Meaning(.unavailable(after: after), "Runware failed: try again later", mayBePaid: true)
        case .unknown: return Meaning(.refused, "Runware refused the request: check its parameters", mayBePaid: true)
        }
    }

    private func advice(on fault: RunwareFault) -> String {
        let names = SaidText.line(fault.callersNames.joined(separator: ", "), hiding: settings.key)
        switch (fault.code, names) {
        case ("unsupportedParameter", let names?), ("unknownParameter", let names?):
            return "\(modelName) does not take \(names): leave it out or choose another model"
        case (_, let names?):
            guard let limits = fault.limits.flatMap({ SaidText.line($0, hiding: settings.key) }) else {
                return "\(modelName) does not take \(names) as it is: change it"
            }
            return "\(modelName) takes \(names) \(limits): change it"
        case (_, nil): return "Runware refused the request: check its parameters"
        }
    }

    private func meaning(ofStatus reply: ProviderReply) -> Meaning {
        let after = Self.after(reply, now: now)
        switch reply.status {
        case 401: return meaning(of: Self.fault("invalidApiKey"), reply)
        case 402: return meaning(of: Self.fault("insufficientCredits"), reply)
        case 403: return meaning(of: Self.fault("forbidden"), reply)
        case 408, 425:
            return Meaning(.unavailable(after: after), "Runware gave up waiting: try again", mayBePaid: true)
        case 413: return Meaning(.refused, "the request is too large for Runware: send a smaller picture")
        case 429: return meaning(of: Self.fault("rateLimitExceeded"), reply)
        case 400, 422: return meaning(of: Self.fault("validationFailed"), reply)
        case 300..<500:
            return Meaning(.settings, "the address does not take such requests: check RUNWARE_BASE_URL")
        default: return Meaning(.unavailable(after: after), "Runware failed: try again later", mayBePaid: true)
        }
    }

    private static func fault(_ code: String) -> RunwareFault {
        var fault = RunwareFault()
        fault.code = code
        return fault
    }
}
