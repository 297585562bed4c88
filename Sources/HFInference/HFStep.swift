// What an answer about a task says: still working, made, or failed.
internal import JSON
internal import Providers

/// The next move after an answer of a provider that queues, or that names an address of its result. Pure.
enum HFStep: Equatable {
    /// Ask there again; nil: where it was asked now. The second is where to cancel.
    case wait(HFPath?, cancel: HFPath?)
    /// It is made: the provider's own address of the task has the result (fal.ai).
    case collect
    /// It is made, and there: an address, or base64.
    case fetch(String, seed: UInt32?)
    case failed(String?)
    case unsafe
    case unreadable

    init(_ json: JSONValue, of provider: HFRoutedProvider, baseURL: String) {
        func path(_ value: JSONValue?) -> HFPath? {
            value?.string.flatMap { HFPath(ofAddress: $0, provider: provider, baseURL: baseURL) }
        }
        switch provider {
        case .falAI: self = Self.fal(json, path(json["response_url"]), path(json["cancel_url"]))
        case .replicate:
            self = Self.task(json, status: "status", urls: json["urls"]?["get"], path, cancel: json["urls"]?["cancel"])
        case .wavespeed:
            let data = json["data"] ?? json
            self = Self.task(data, status: "status", urls: data["urls"]?["get"], path)
        case .zaiOrg: self = Self.task(json, status: "task_status", id: "/api/paas/v4/async-result/")
        case .together: self = Self.task(json, status: "status", id: "/v2/videos/")
        case .novita: self = Self.url(json).map { .fetch($0, seed: nil) } ?? .unreadable
        case .hfInference, .nscale: self = .unreadable
        }
    }

    private static func fal(_ json: JSONValue, _ path: HFPath?, _ cancel: HFPath?) -> HFStep {
        if let url = url(json) {
            if json["has_nsfw_concepts"]?.array?.first?.bool == true { return .unsafe }
            return .fetch(url, seed: json["seed"]?.integer.flatMap { UInt32(exactly: $0) })
        }
        switch json["status"]?.string {
        case "COMPLETED": return .collect
        case "FAILED", "ERROR", "CANCELED", "CANCELLED": return .failed(reason(json))
        case .some: return .wait(path, cancel: cancel)
        case nil: return .unreadable
        }
    }

    /// A task with a status, and its results beside it.
    private static func task(
        _ json: JSONValue,
        status key: String,
        urls get: JSONValue? = nil,
        _ path: (JSONValue?) -> HFPath? = { _ in nil },
        cancel: JSONValue? = nil,
        id prefix: String? = nil
    ) -> HFStep {
        let status = json[key]?.string?.lowercased() ?? ""
        if ["failed", "fail", "error", "canceled", "cancelled", "aborted"].contains(status) {
            let reason = reason(json)
            return reason.map { HFRefusal.isUnsafe($0.lowercased()) } == true ? .unsafe : .failed(reason)
        }
        // Replicate has results before it says that it has succeeded.
        if let url = url(json) { return .fetch(url, seed: nil) }
        if ["succeeded", "success", "completed"].contains(status) { return .unreadable }
        guard !status.isEmpty else { return .unreadable }
        if let prefix { return .wait(json["id"]?.string.flatMap { HFPath(prefix + $0) }, cancel: nil) }
        return .wait(path(get), cancel: path(cancel))
    }

    /// Where the result of a provider that answers with it is, when it is not in the answer: some models of hf-inference name an
    /// address, and servers of OpenAI's form may.
    static func elsewhere(_ json: JSONValue) -> String? {
        let entry = json["data"]?.array?.first
        guard entry?["b64_json"]?.string == nil else { return nil }
        return first(entry) ?? url(json)
    }

    /// The first address of a result, wherever the providers put it.
    private static func url(_ json: JSONValue) -> String? {
        for key in ["output", "outputs", "images", "image", "video", "image_result"] {
            if let url = first(json[key]) { return url }
        }
        return nil
    }

    private static func first(_ value: JSONValue?) -> String? {
        switch value {
        case .string(let text): text.isEmpty ? nil : text
        case .array(let list): first(list.first)
        case .object(let object): first(object["url"] ?? object["video_url"])
        default: nil
        }
    }

    private static func reason(_ json: JSONValue) -> String? {
        guard let error = json["error"] ?? json["detail"] ?? json["message"] else { return nil }
        return error.string ?? error["message"]?.string
    }
}
