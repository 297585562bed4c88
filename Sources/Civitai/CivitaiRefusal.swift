// What each of Civitai's refusals means, as a sentence that says what to do.
internal import CivilTime
internal import Providers
internal import Retry

/// Makes an error of an answer. Pure: the time is an argument, for a Retry-After that is a date.
struct CivitaiRefusal {
    let settings: CivitaiSettings
    let model: CivitaiAIR?
    let task: CivitaiTask?
    let now: Timestamp

    /// Where Buzz is had: Civitai's documentation names no page.
    static let moreBuzz = "get more on https://civitai.com, at Buzz"

    struct Meaning {
        let kind: ProviderError.Kind
        let advice: String
        /// Whether only this provider or model cannot do it.
        var isUnfit = false

        init(_ kind: ProviderError.Kind, _ advice: String, isUnfit: Bool = false) {
            self.kind = kind
            self.advice = advice
            self.isUnfit = isUnfit
        }

        static func noBuzz(_ cost: Int64? = nil) -> Meaning {
            let price = cost.map { ", which costs \($0)" } ?? ""
            return Meaning(
                .payment,
                "the Civitai account has not enough Buzz for this image\(price): \(CivitaiRefusal.moreBuzz)"
            )
        }
    }

    /// - Parameters:
    ///   - meaning: what is known otherwise; nil: what the status and the text say.
    ///   - isBegun: whether the workflow may have been at work, and charged, before this came.
    func error(_ reply: ProviderReply, as meaning: Meaning? = nil, isBegun: Bool) -> ProviderError {
        let fault = CivitaiFault(reply.body)
        let isSuccess = (200..<300).contains(reply.status)
        let meaning = meaning ?? self.meaning(of: fault, reply)
        let said = isSuccess ? nil : SaidText.line(fault.message, hiding: settings.key).map { ". It says: \($0)" }
        let error = ProviderError(
            provider: Civitai.name,
            kind: meaning.kind,
            message: "\(meaning.advice) (status \(reply.status))\(said ?? "")",
            status: reply.status,
            requestID: task?.workflow?.text ?? task?.id.text,
            mayBePaid: isBegun
        )
        return meaning.isUnfit ? error.unfit : error
    }

    /// What a 403 means by its text, where nothing better is known.
    func forbidden(_ fault: CivitaiFault) -> Meaning {
        if fault.says("mature") { return mature }
        return fault.says("buzz", "fund") ? .noBuzz() : notAllowed
    }

    /// The account has the Buzz, and is refused all the same.
    func forbiddenWithBuzz(_ fault: CivitaiFault) -> Meaning {
        if fault.says("mature") { return mature }
        guard fault.says("buzz", "fund", "spend") else { return notAllowed }
        return Meaning(
            .payment,
            "Civitai lets the key spend no Buzz, though the account has enough: its spending cap may be reached, see the account's settings on https://civitai.com"
        )
    }

    private var modelName: String { model.map { "the model \($0)" } ?? "the model" }

    private var mature: Meaning {
        Meaning(
            .moderated,
            "Civitai takes the prompt for mature content, which is not allowed for this request or account: change it"
        )
    }

    private var notAllowed: Meaning {
        Meaning(
            .permission,
            "the key or its account may not do this: the key needs the right to generate (AIServicesWrite), and some models a membership; check both on https://civitai.com"
        )
    }

    private func meaning(of fault: CivitaiFault, _ reply: ProviderReply) -> Meaning {
        let after = RetryAfter.pause(in: reply.header, now: now)
        switch reply.status {
        case 200..<300: return Meaning(.badAnswer, "Civitai's answer cannot be read: it is cut off, or no workflow")
        case 400, 422: return invalid(fault)
        case 401:
            return Meaning(
                .credentials,
                "the key was refused: make a new one on https://civitai.com, in the account's settings, and set CIVITAI_API_KEY"
            )
        case 402: return .noBuzz()
        case 403: return forbidden(fault)
        case 404:
            return task?.workflow == nil
                ? Meaning(.settings, "there are no workflows at \(settings.baseURL): check CIVITAI_BASE_URL")
                : Meaning(.unavailable(after: after), "Civitai no longer knows the workflow: try again")
        case 409, 408, 425:
            return Meaning(.unavailable(after: after), "Civitai could not take the request now: try again")
        case 413: return Meaning(.refused, "the request is too large for Civitai: send a smaller picture")
        case 429:
            return Meaning(.rateLimited(after: after), "Civitai limits requests: wait, then try again")
        case 300..<500:
            return Meaning(.settings, "the address does not take such requests: check CIVITAI_BASE_URL")
        default: return Meaning(.unavailable(after: after), "Civitai failed: try again later")
        }
    }

    private func invalid(_ fault: CivitaiFault) -> Meaning {
        let names = fault.callersNames
        // An upgrade to mature content without enough yellow Buzz is both; what helps is Buzz.
        if fault.says("buzz") { return .noBuzz() }
        if fault.says("mature") { return mature }
        if names.contains("model") || fault.says("enabled for generation") {
            return Meaning(
                .notFound,
                "\(modelName) cannot be used to generate at Civitai: its page there says whether it can; choose another"
            )
        }
        if names == ["loras"] {
            return Meaning(.refused, "Civitai does not take a LoRA as it is: choose one for this model", isUnfit: true)
        }
        guard !names.isEmpty else {
            return Meaning(.refused, "Civitai refused the request: check its parameters")
        }
        return Meaning(
            .refused,
            "\(modelName) does not take \(names.joined(separator: ", ")) as it is: change it",
            isUnfit: !names.contains("prompt")
        )
    }
}
