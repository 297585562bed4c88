// Proves the key with a call that makes no image.
internal import JSON
public import Providers
internal import Retry

extension Civitai {
    /// Whose key it is. Civitai tells no balance there.
    public func check() async throws(ProviderError) -> String {
        if case .notReady(let advice) = readiness { throw refusal(.credentials, advice) }
        let call = CivitaiRequests(settings: settings).account()
        let reply: ProviderReply
        do throws(TransportError) {
            reply = try await transport.send(call)
        } catch {
            throw CallFailure(error, call, at: "CIVITAI_SITE_URL").error()
        }
        // Before the body: a gateway may answer a page under any status.
        switch reply.status {
        case 200: break
        case 401, 403, 429, 500...:
            throw CivitaiRefusal(settings: settings, model: nil, task: nil, now: now()).error(reply, isBegun: false)
        default:
            throw refusal(
                .settings,
                "no accounts at \(settings.siteURL) (status \(reply.status)): check CIVITAI_SITE_URL"
            )
        }
        guard let account = reply.json, account["id"] != nil || account["username"] != nil else {
            throw refusal(.settings, "\(settings.siteURL)/api/v1/me tells of no account: check CIVITAI_SITE_URL")
        }
        func word(_ name: String) -> String? {
            account[name]?.string.flatMap { SaidText.line(String($0.prefix(60)), hiding: settings.key) }
        }
        let name = word("username") ?? "without a name"
        switch word("status") {
        case "banned":
            throw refusal(
                .permission,
                "the account \(name) is banned at Civitai, which makes no images for it: ask its support on https://civitai.com"
            )
        case "muted":
            return "the key works; account \(name) is muted at Civitai, which may refuse to make images for it"
        default:
            return "the key works; account \(name)\(word("tier").map { ", tier \($0)" } ?? "")"
        }
    }
}
