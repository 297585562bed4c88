// What each error status of Hugging Face means, as a sentence that says what to do.
internal import JSON
internal import Providers

/// Reads an answer that is no success. Pure: the time is an argument, for a Retry-After that is a date.
struct HFRefusal {
    let settings: HFSettings
    let model: HFModelID
    /// Who serves the model; nil for the `models` form and for the Hub itself.
    let provider: HFRoutedProvider?
    /// Whether the call was one that makes something.
    var isMaking = false

    func error(_ reply: ProviderReply, hints: HFHints) -> ProviderError {
        let text = HFErrorText.read(reply, token: settings.token)
        let (kind, advice) = meaning(reply.status, text ?? "", hints)
        let said = text.map { ". It says: \($0)" } ?? ""
        return ProviderError(
            provider: "huggingface",
            kind: kind,
            message: "\(advice) (status \(reply.status)\(served))\(said)",
            status: reply.status,
            requestID: Self.requestID(reply),
            mayBePaid: isMaking && Self.mayHaveWorked(reply.status, text ?? "", hints)
        )
    }

    /// Whether the provider may have made something, and charged for it, although it answered with an error.
    private static func mayHaveWorked(_ status: Int, _ text: String, _ hints: HFHints) -> Bool {
        guard status >= 500, status != 501, status != 503 else { return status == 408 }
        return !text.lowercased().contains("too busy")
    }

    /// Whether a sentence says that the prompt or the picture was found unsafe.
    static func isUnsafe(_ text: String) -> Bool {
        ["nsfw", "content policy", "content_policy", "flagged by a content", "safety checker", "safety system"]
            .contains { text.contains($0) }
    }

    /// The id by which Hugging Face finds a request in its logs, bounded to what such an id is.
    static func requestID(_ reply: ProviderReply) -> String? {
        for name in ["x-request-id", "X-Amzn-Trace-Id", "X-Amz-Cf-Id"] {
            if let value = reply.header(name), !value.isEmpty, value.utf8.count <= 128,
                value.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
            {
                return value
            }
        }
        return nil
    }

    private var served: String { provider.map { " from \($0.rawValue)" } ?? "" }

    private func meaning(_ status: Int, _ text: String, _ hints: HFHints) -> (ProviderError.Kind, String) {
        let text = text.lowercased()
        switch status {
        case 401 where settings.token == nil:
            return (.credentials, "a token is needed: set HUGGINGFACE_API_KEY to one from \(Self.tokensPage)")
        case 401:
            return (
                .credentials, "the token was refused: make a new one with Inference permission at \(Self.tokensPage)"
            )
        case 400 where Self.isUnsafe(text), 403 where Self.isUnsafe(text), 422 where Self.isUnsafe(text):
            return (.moderated, "the provider found the prompt or the picture unsafe: change it")
        case 402:
            return (
                .payment,
                "the Hugging Face account has no inference credit left: buy credit or wait for next month's at https://huggingface.co/settings/billing"
            )
        case 403 where text.contains("pro subscription") || text.contains("subscribe"):
            return (.permission, "the model \(model) needs a PRO subscription: subscribe, or choose another model")
        case 403 where text.contains("gated") || text.contains("restricted"):
            return (.permission, "the model \(model) is gated: ask for access at https://huggingface.co/\(model)")
        case 403:
            return (
                .permission,
                "the token lacks the permission \"Make calls to Inference Providers\": add it or make a new token at \(Self.tokensPage)"
            )
        case 404:
            return (
                .notFound, "the model \(model) does not exist or is not served there: check its name or choose another"
            )
        case 408, 425: return (.unavailable(after: hints.after), "the provider gave up waiting; try again")
        case 410:
            return (
                .settings,
                "this address is no longer served: set HUGGINGFACE_BASE_URL to \(HFSettings.publicRouter) and unset HUGGINGFACE_FORM"
            )
        case 413: return (.refused, "the request is too large for the provider: shorten the prompt")
        case 422:
            return (.refused, "the provider could not read the request: check the parameters against the model's page")
        case 400 where text.contains("not supported by provider"):
            return (.notFound, "the provider does not serve the model \(model): choose another model")
        case 429: return (.rateLimited(after: hints.after), "the provider limits requests: wait, then try again")
        case 500 where text.contains("out of memory"):
            return (
                .unavailable(after: nil), "the provider ran out of GPU memory: ask for a smaller image or fewer steps"
            )
        case 500 where text.contains("too busy"):
            return (.unavailable(after: nil), "the model is too busy: try again later")
        case 503 where hints.isLoading:
            return (.loading(estimate: hints.estimate), "the model \(model) is loading: try again soon")
        case 300..<400:
            return (.settings, "the address answers with a redirect to elsewhere: check HUGGINGFACE_BASE_URL")
        case 405, 406, 415, 501:
            return (
                .settings, "the address does not take such requests: check HUGGINGFACE_BASE_URL and HUGGINGFACE_FORM"
            )
        case 400..<500: return (.refused, "the provider refused the request: check the parameters")
        case 503: return (.unavailable(after: hints.after), "the provider is not available: try again later")
        default: return (.unavailable(after: nil), "the provider failed: try again later")
        }
    }

    private static let tokensPage = "https://huggingface.co/settings/tokens"
}
