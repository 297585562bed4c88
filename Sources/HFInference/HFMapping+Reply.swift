// The Hub's answer to a mapping look-up.
internal import CivilTime
internal import JSON
internal import Providers

extension HFMapping {
    static func read(
        _ reply: ProviderReply,
        settings: HFSettings,
        model: HFModelID,
        now: Timestamp
    ) throws(ProviderError) -> HFMapping {
        guard reply.status == 200 else { throw refusal(reply, settings: settings, model: model, now: now) }
        guard let document = try? JSONValue.parse(reply.body), let mapping = HFMapping(document) else {
            throw ProviderError(
                provider: "huggingface",
                kind: .badAnswer,
                message: "the Hub's answer about the model \(model) cannot be read; check HUGGINGFACE_HUB_URL",
                status: reply.status,
                requestID: HFRefusal.requestID(reply)
            )
        }
        return mapping
    }

    private static func refusal(
        _ reply: ProviderReply,
        settings: HFSettings,
        model: HFModelID,
        now: Timestamp
    ) -> ProviderError {
        let error = HFRefusal(settings: settings, model: model, provider: nil).error(
            reply,
            hints: HFHints(reply, now: now)
        )
        // The Hub hides models that do not exist behind 401 for callers without a token.
        let isHidden = reply.status == 401 && reply.header("X-Error-Code") == "RepoNotFound"
        guard isHidden || reply.status == 404 else { return error }
        return ProviderError(
            provider: "huggingface",
            kind: .notFound,
            message: "the Hub knows no model \(model): check its name, and that the token may read it",
            status: reply.status,
            requestID: error.requestID
        )
    }
}
