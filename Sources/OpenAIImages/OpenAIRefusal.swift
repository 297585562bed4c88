// What each error of the Images API means, as a sentence that says what to do.
internal import CivilTime
internal import JSON
internal import Providers

/// Reads an answer that is no success. Pure: the time is an argument, for a Retry-After that is a date.
struct OpenAIRefusal {
    let settings: OpenAISettings
    let model: OpenAIModel?
    var isEdit = false
    let now: Timestamp

    func error(_ reply: ProviderReply) -> ProviderError {
        let fault = OpenAIFault(reply.body)
        let meaning = meaning(of: fault, reply)
        let code = SaidText.line(fault.code, hiding: settings.key).map { ", code \($0)" } ?? ""
        let said = SaidText.line(fault.message, hiding: settings.key).map { ". It says: \($0)" } ?? ""
        let error = ProviderError(
            provider: OpenAIImages.name,
            kind: meaning.kind,
            message: "\(meaning.advice) (status \(reply.status)\(code))\(said)",
            status: reply.status,
            requestID: Self.requestID(reply),
            mayBePaid: meaning.mayBePaid
        )
        // What one server takes is known only when it is asked; another provider may take it.
        let isOfServer = fault.code == "unknown_parameter" || fault.param == "size"
        return error.kind == .refused && isOfServer ? error.unfit : error
    }

    /// An error that came when the stream had begun: its status is in its words alone, and the server may have worked. Whatever it is,
    /// it is no wait, which would use no attempt: each of them may be paid.
    func error(inStream reply: ProviderReply) -> ProviderError {
        let fault = OpenAIFault(reply.body)
        var reply = reply
        let isLimit = ["rate_limit", "quota", "requests"].contains {
            fault.type.contains($0) || fault.code.contains($0)
        }
        let isRefused = fault.type.hasPrefix("invalid_request") || fault.isOne(of: Self.contentCodes)
        reply.status = isLimit ? 429 : isRefused ? 400 : 500
        let error = error(reply).perhapsPaid
        switch error.kind {
        case .rateLimited, .unavailable, .loading: return error.becoming(.unavailable(after: nil))
        default: return error
        }
    }

    /// Whether a refusal is of a stream alone, and not of the picture.
    static func isOfStream(_ reply: ProviderReply) -> Bool {
        let fault = OpenAIFault(reply.body)
        if namesStream(fault) { return true }
        // A server that stands before another one says "upstream" of whatever that one refuses.
        let words = fault.message.lowercased().split { !$0.isLetter && $0 != "_" }
        return fault.param.isEmpty && words.contains { ["stream", "streaming", "partial_images"].contains($0) }
    }

    /// Whether it is beyond doubt that it is.
    static func namesStream(_ fault: OpenAIFault) -> Bool { ["stream", "partial_images"].contains(fault.param) }

    /// The id by which a server finds a request in its logs, bounded to what such an id is.
    static func requestID(_ reply: ProviderReply) -> String? {
        guard let value = reply.header("x-request-id"), !value.isEmpty, value.utf8.count <= 128,
            value.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return nil }
        return value
    }

    private struct Meaning {
        let kind: ProviderError.Kind
        let advice: String
        /// Whether the server may have worked, and charged, before this came.
        var mayBePaid = false

        init(_ kind: ProviderError.Kind, _ advice: String, mayBePaid: Bool = false) {
            self.kind = kind
            self.advice = advice
            self.mayBePaid = mayBePaid
        }
    }

    private static let moneyCodes: Set<String> = ["insufficient_quota", "billing_hard_limit_reached"]
    /// It has refused the work.
    private static let overloadCodes: Set<String> = ["server_is_overloaded", "slow_down"]
    private static let contentCodes: Set<String> = ["moderation_blocked", "content_policy_violation"]
    private static let keysPage = "https://platform.openai.com/api-keys"

    private var modelName: String { model.map { "the model \($0)" } ?? "the server's own model" }

    private func meaning(of fault: OpenAIFault, _ reply: ProviderReply) -> Meaning {
        // What a code says holds under any status: servers do not agree on those.
        if (400..<500).contains(reply.status) {
            if fault.isOne(of: Self.moneyCodes) { return noMoney }
            if fault.isOne(of: Self.contentCodes) {
                return Meaning(.moderated, "the server found the prompt or the picture unsafe: change it")
            }
            if fault.code == "model_not_found" { return noModel }
            if fault.code == "invalid_api_key" { return badKey }
        }
        switch reply.status {
        case 429: return limit(reply)
        case 500...: return failure(of: fault, reply)
        default: return refusal(of: fault, reply)
        }
    }

    private func limit(_ reply: ProviderReply) -> Meaning {
        guard reply.header("x-should-retry") != "false" else {
            return Meaning(
                .payment,
                "the server has reached a cap that waiting does not lift: raise it there, or choose another provider"
            )
        }
        return Meaning(
            .rateLimited(after: OpenAIWait.pause(reply, now: now)),
            "the server limits requests: wait, then try again"
        )
    }

    private func failure(of fault: OpenAIFault, _ reply: ProviderReply) -> Meaning {
        let after = OpenAIWait.pause(reply, now: now)
        switch reply.status {
        case 501:
            return Meaning(.settings, "the server does not make images: check OPENAI_BASE_URL")
        // Local servers that are starting say so; they have not worked yet.
        case 503 where fault.message.lowercased().contains("loading"):
            return Meaning(.loading(estimate: after), "the server is loading \(modelName): try again soon")
        case _ where reply.header("x-should-retry") == "false":
            return Meaning(
                .settings,
                "the server failed and says that trying again does not help: look into its log",
                mayBePaid: true
            )
        case 503:
            return Meaning(
                .unavailable(after: after),
                "the server is overloaded: try again later",
                mayBePaid: !fault.isOne(of: Self.overloadCodes)
            )
        default: return Meaning(.unavailable(after: after), "the server failed: try again later", mayBePaid: true)
        }
    }

    private func refusal(of fault: OpenAIFault, _ reply: ProviderReply) -> Meaning {
        let text = fault.message.lowercased()
        switch reply.status {
        case 401 where text.contains("insufficient permissions") || text.contains("missing scopes"):
            return Meaning(.permission, "the key may not make images: give it that permission\(keysHint)")
        case 401: return badKey
        case 402: return noMoney
        case 403:
            return Meaning(
                .permission,
                "the key or its account may not use \(modelName): allow it there, or choose another model"
            )
        case 404 where text.contains("model"): return noModel
        case 404, 405:
            return isEdit
                ? Meaning(
                    .notFound,
                    "the server cannot change pictures (it has no images/edits): leave out image, or choose another provider"
                )
                : Meaning(
                    .settings,
                    "there is no images/generations at \(settings.baseURL): check OPENAI_BASE_URL, which ends in /v1 at most servers"
                )
        case 408, 409, 425:
            return Meaning(
                .unavailable(after: OpenAIWait.pause(reply, now: now)),
                "the server gave up on the request: try again",
                mayBePaid: reply.status == 408
            )
        case 413:
            return Meaning(
                .refused,
                "the request is too large for the server: shorten the prompt\(isEdit ? " or send a smaller picture" : "")"
            )
        case 300..<400:
            return Meaning(.settings, "the address answers with a redirect to elsewhere: check OPENAI_BASE_URL")
        case 406, 410, 415:
            return Meaning(.settings, "the address does not take such requests: check OPENAI_BASE_URL")
        default: return Meaning(.refused, advice(on: fault))
        }
    }

    private func advice(on fault: OpenAIFault) -> String {
        let name = callersName(of: fault.param)
        switch fault.code {
        case "unknown_parameter" where name != nil:
            return
                "\(modelName) does not take \(name ?? ""): leave it out, or set OPENAI_EXTRAS=0 if the server never takes it"
        default:
            return name.map { "the server does not take \($0) as it is: change it" }
                ?? "the server refused the request: check its parameters"
        }
    }

    /// What callers call a part of the request, whose names at OpenAI differ.
    private func callersName(of param: String) -> String? {
        switch SaidText.line(param, hiding: settings.key) {
        case "size": "width and height"
        case "num_inference_steps": "steps"
        case let name: name
        }
    }

    private var noMoney: Meaning {
        Meaning(
            .payment,
            settings.isPublic
                ? "the OpenAI account has no credit left or has reached its cap: see https://platform.openai.com/settings/organization/billing"
                : "the account at the server has no credit left or has reached its cap: add credit there"
        )
    }

    private var noModel: Meaning {
        Meaning(.notFound, "\(modelName) does not exist there, or the key may not use it: choose another model")
    }

    private var badKey: Meaning {
        settings.key == nil
            ? Meaning(.credentials, "the server wants a key: set OPENAI_API_KEY\(keysHint)")
            : Meaning(.credentials, "the key was refused: set OPENAI_API_KEY to a new one\(keysHint)")
    }

    private var keysHint: String { settings.isPublic ? " from \(Self.keysPage)" : "" }
}
