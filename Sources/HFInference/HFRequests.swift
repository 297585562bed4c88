// What is sent: to the Hub for a mapping, to a routed provider for an image.
internal import JSON
internal import Providers

/// Builds calls from settings. Pure.
struct HFRequests {
    let settings: HFSettings

    /// A mapping is some kilobytes; a model card that comes with it may be more.
    static let mappingBytesMax = 1 << 20
    static let mappingTimeout: Duration = .seconds(15)
    /// Characters of a picture inside a request to Together.
    static let togetherPictureMax = 60_000

    func mapping(of model: HFModelID) -> ProviderCall {
        var headers = [ProviderHeader("Accept", "application/json")]
        if let token = settings.token, token.isHuggingFace {
            headers.append(ProviderHeader("Authorization", token.authorization))
        }
        return ProviderCall(
            method: "GET",
            url: "\(settings.hubURL)/api/models/\(model)?expand[]=inferenceProviderMapping",
            headers: headers,
            body: [],
            answerBytesMax: Self.mappingBytesMax,
            timeout: Self.mappingTimeout
        )
    }

    /// Whose token this is: `GET /api/whoami-v2`, as huggingface_hub's `whoami` asks it.
    func account() -> ProviderCall {
        ProviderCall(
            method: "GET",
            url: "\(settings.hubURL)/api/whoami-v2",
            headers: settings.token.map { [ProviderHeader("Authorization", $0.authorization)] } ?? [],
            answerBytesMax: Self.mappingBytesMax,
            timeout: Self.mappingTimeout
        )
    }

    /// The call that makes it, or that begins to.
    /// - Parameter image: the picture to begin with; nil where the request has none.
    func make(_ route: HFRoute, image: HFPicture?, timeout: Duration) throws(ProviderError) -> ProviderCall {
        let target = try target(route)
        if route.provider == .together, let image, image.dataURI.utf8.count > Self.togetherPictureMax {
            throw ProviderError(
                provider: "huggingface",
                kind: .refused,
                message: "together takes no picture of more than some 44 KB: send a smaller one"
            ).unfit
        }
        var headers = [ProviderHeader("Content-Type", "application/json")]
        let isDirect = route.provider == nil || route.provider == .hfInference
        headers.append(ProviderHeader("Accept", isDirect && !route.task.isVideo ? "image/png" : "application/json"))
        if let token = settings.token { headers.append(ProviderHeader("Authorization", token.authorization)) }
        // Replicate gets no `Prefer: wait`, with which it holds the call up to a minute: for so long nobody would know the
        // task's id, neither to ask about it after a crash nor to cancel it.
        if route.provider == .zaiOrg { headers += Self.zaiHeaders }
        if route.provider != nil, let name = settings.billTo { headers.append(ProviderHeader("X-HF-Bill-To", name)) }
        return ProviderCall(
            method: "POST",
            url: settings.baseURL + target,
            headers: headers,
            body: JSONValue.object(body(route, image)).encoded(),
            answerBytesMax: HFAnswer.bytesMax(image: bytesMax(route.task.isVideo)),
            timeout: timeout
        )
    }

    func bytesMax(_ isVideo: Bool) -> Int { isVideo ? HFAnswer.videoBytesMax : settings.imageBytesMax }

    private func target(_ route: HFRoute) throws(ProviderError) -> String {
        let id = route.providerID
        switch route.provider {
        case nil: return "/models/\(route.model)"
        case .hfInference: return "/hf-inference/models/\(route.model)"
        case .nscale: return "/nscale/v1/images/generations"
        case .together: return route.task.isVideo ? "/together/v2/videos" : "/together/v1/images/generations"
        case .falAI: return "/fal-ai\(try Self.path("/" + id))?_subdomain=queue"
        case .replicate where id.contains(":"): return "/replicate/v1/predictions"
        case .replicate: return "/replicate\(try Self.path("/v1/models/\(id)/predictions"))"
        case .wavespeed: return "/wavespeed\(try Self.path("/api/v3/" + id))"
        case .zaiOrg: return "/zai-org/api/paas/v4/async/images/generations"
        case .novita: return "/novita\(try Self.path("/v3/hf/" + id))"
        }
    }

    /// A provider's name of a model comes from outside and becomes part of a path.
    private static func path(_ text: String) throws(ProviderError) -> HFPath {
        guard let path = HFPath(text) else {
            throw ProviderError(
                provider: "huggingface",
                kind: .badAnswer,
                message: "the Hub's mapping names the model in a way that cannot be asked for"
            )
        }
        return path
    }

    private static let zaiHeaders = [
        ProviderHeader("Accept-Language", "en-US,en"), ProviderHeader("x-source-channel", "hugging_face"),
    ]

    /// Asks a provider that queues; the path is one that was checked, on the router alone.
    func look(_ queued: HFQueued, at path: HFPath, collect: Bool = false) -> ProviderCall {
        let tail =
            queued.provider == .falAI ? (collect ? "?_subdomain=queue" : "/status?_subdomain=queue") : ""
        var call = plain("GET", "/\(queued.provider.rawValue)\(path)\(tail)")
        if queued.provider == .zaiOrg { call.headers += Self.zaiHeaders }
        return call
    }

    /// Tells a provider that nobody wants it any more; nil where there is no such call.
    func cancel(_ queued: HFQueued) -> ProviderCall? {
        queued.cancelPath.map { path in
            queued.provider == .falAI
                ? plain("PUT", "/fal-ai\(path)?_subdomain=queue") : plain("POST", "/\(queued.provider.rawValue)\(path)")
        }
    }

    private func plain(_ method: String, _ target: String) -> ProviderCall {
        var headers = [ProviderHeader("Accept", "application/json")]
        if let token = settings.token { headers.append(ProviderHeader("Authorization", token.authorization)) }
        return ProviderCall(
            method: method,
            url: settings.baseURL + target,
            headers: headers,
            answerBytesMax: Self.mappingBytesMax,
            timeout: Self.lookTimeout
        )
    }

    static let lookTimeout: Duration = .seconds(30)

    /// A result that an answer named: whoever has it gets no token of ours.
    func result(_ url: String, isVideo: Bool, timeout: Duration) -> ProviderCall {
        ProviderCall(
            method: "GET",
            url: url,
            answerBytesMax: bytesMax(isVideo),
            timeout: timeout,
            headTimeout: Self.lookTimeout,
            target: .result
        )
    }
}
