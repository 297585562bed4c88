// What is sent to Civitai: workflows, questions about them, and the fetch of a result.
internal import JSON
internal import Providers

/// Builds calls from settings. Pure.
struct CivitaiRequests {
    let settings: CivitaiSettings
    /// Whether what is not safe for work is to be hidden.
    var hidesMature = false

    /// A workflow with one image behind an address.
    static let answerBytesMax = 1 << 20
    /// A submit, with a picture to begin with.
    static let submitTimeout: Duration = .seconds(120)
    static let questionTimeout: Duration = .seconds(30)
    /// How long a call that is answered at once may be silent: what is no longer there is found out soon.
    static let submitHeadTimeout: Duration = .seconds(30)
    static let questionHeadTimeout: Duration = .seconds(10)
    static let cancelTimeout: Duration = .seconds(10)
    static let fetchTimeout: Duration = .seconds(120)
    static let fetchHeadTimeout: Duration = .seconds(30)

    private static let workflows = "/v2/consumer/workflows"

    /// - Parameters:
    ///   - body: of ``CivitaiWorkflowBody``.
    ///   - isTrial: only validated and priced.
    func submit(_ body: JSONObject, isTrial: Bool = false, timeout: Duration) -> ProviderCall {
        var call = call(
            "POST",
            Self.workflows + query([(isTrial, "whatif=true"), (hidesMature, "hideMatureContent=true")]),
            body: body,
            timeout: min(Self.submitTimeout, timeout)
        )
        call.headTimeout = Self.submitHeadTimeout
        return call
    }

    /// What became of a workflow.
    func question(_ workflow: WorkflowID, timeout: Duration) -> ProviderCall {
        var call = call(
            "GET",
            "\(Self.workflows)/\(workflow.inPath)" + query([(hidesMature, "hideMatureContent=true")]),
            timeout: min(Self.questionTimeout, timeout)
        )
        call.headTimeout = Self.questionHeadTimeout
        return call
    }

    /// A fresh address for an image whose own has run out.
    func refresh(_ blob: WorkflowID, timeout: Duration) -> ProviderCall {
        var call = call(
            "POST",
            "/v2/consumer/blobs/\(blob.inPath)/refresh",
            timeout: min(Self.questionTimeout, timeout)
        )
        call.headTimeout = Self.questionHeadTimeout
        return call
    }

    /// The workflows with an id of ours among their tags: none or one.
    func search(_ id: ExternalID) -> ProviderCall {
        call("GET", "\(Self.workflows)?tags=\(id.text)&take=10", timeout: Self.cancelTimeout)
    }

    func cancel(_ workflow: WorkflowID) -> ProviderCall {
        call(
            "PUT",
            "\(Self.workflows)/\(workflow.inPath)",
            body: ["status": "canceled"],
            timeout: Self.cancelTimeout
        )
    }

    /// Whose key it is: costs nothing.
    func account() -> ProviderCall {
        var call = call("GET", "/api/v1/me", timeout: Self.questionTimeout)
        call.url = "\(settings.siteURL)/api/v1/me"
        return call
    }

    /// The bytes of a result. Its address needs no key and gets none.
    func result(_ address: String, timeout: Duration) -> ProviderCall {
        ProviderCall(
            method: "GET",
            url: address,
            headers: [ProviderHeader("Accept", "image/*")],
            answerBytesMax: settings.imageBytesMax,
            timeout: min(Self.fetchTimeout, timeout),
            headTimeout: Self.fetchHeadTimeout,
            target: .result
        )
    }

    private func query(_ parts: [(isThere: Bool, text: String)]) -> String {
        let there = parts.filter(\.isThere).map(\.text)
        return there.isEmpty ? "" : "?" + there.joined(separator: "&")
    }

    private func call(_ method: String, _ path: String, body: JSONObject? = nil, timeout: Duration) -> ProviderCall {
        var headers = [ProviderHeader("Accept", "application/json")]
        if body != nil { headers.append(ProviderHeader("Content-Type", "application/json")) }
        if let key = settings.key { headers.append(ProviderHeader("Authorization", key.bearer)) }
        return ProviderCall(
            method: method,
            url: settings.baseURL + path,
            headers: headers,
            body: body.map { JSONValue.object($0).encoded() } ?? [],
            answerBytesMax: Self.answerBytesMax,
            timeout: timeout
        )
    }
}
