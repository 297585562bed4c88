// Images by Hugging Face: finds who serves a model, asks, and reads what comes back.
internal import CivilTime
internal import JSON
public import Providers
internal import Synchronization

/// Text-to-image over Hugging Face's router, or over a server of the older `models` form.
///
/// ```swift
/// let settings = try HFSettings(environment: environment)
/// let provider = HFInference(settings: settings, transport: UpstreamTransport(Upstream()))
/// let answer = try await provider.answer(ImageRequest(prompt: "a lighthouse"), attempt: attempt)
/// ```
/// It retries nothing by itself: a loading model or a rate limit is an error that says how long to wait.
public final class HFInference: Provider {
    public let name = "huggingface"
    private let settings: HFSettings
    private let transport: any ProviderTransport
    private let cache = Mutex(HFMappingCache())
    private let now: @Sendable () -> Timestamp

    public init(settings: HFSettings, transport: any ProviderTransport) {
        self.settings = settings
        self.transport = transport
        now = { .now() }
    }

    /// - Parameter now: ages the mapping cache, and is what a Retry-After that is a date is compared with.
    init(settings: HFSettings, transport: any ProviderTransport, now: @escaping @Sendable () -> Timestamp) {
        self.settings = settings
        self.transport = transport
        self.now = now
    }

    /// A server of the `models` form may need no token; the router always does.
    public var readiness: ProviderReadiness {
        settings.token != nil || settings.form == .models
            ? .ready
            : .notReady(
                "set HUGGINGFACE_API_KEY to a token with Inference permission from https://huggingface.co/settings/tokens"
            )
    }

    /// Who serves a model is known when it is asked for: then a narrower provider refuses what it cannot do.
    public func abilities(of model: String?) -> ProviderAbilities {
        ProviderAbilities([.negativePrompt, .width, .height, .steps, .guidanceScale, .seed, .scheduler])
    }

    /// The account's name, asked of the Hub: free.
    public func check() async throws(ProviderError) -> String {
        if case .notReady(let advice) = readiness { throw refusal(.credentials, advice) }
        let reply = try await send(HFRequests(settings: settings).account())
        guard reply.status == 200, let account = reply.json?["name"]?.string else {
            throw HFRefusal(settings: settings, model: settings.defaultModel, provider: nil)
                .error(reply, hints: HFHints(reply, now: now()))
        }
        return "the token works; it belongs to \(account)"
    }

    public func answer(
        _ request: ImageRequest,
        attempt: ProviderAttempt
    ) async throws(ProviderError) -> ProviderAnswer {
        if case .notReady(let advice) = readiness { throw refusal(.credentials, advice) }
        let model = try model(of: request)
        let (provider, providerID) = try await route(model)
        let asked = provider?.withoutDrawnSeed(request) ?? request
        try check(asked, provider: provider, model: model)
        let call = HFRequests(settings: settings).image(
            asked,
            model: model,
            provider: provider,
            providerID: providerID,
            timeout: attempt.timeout
        )
        let reply = try await send(call)
        do {
            return .image(
                try HFAnswer(settings: settings, model: model, provider: provider, seed: asked.seed)
                    .image(reply, hints: HFHints(reply, now: now()))
            )
        } catch {
            // A provider that no longer has the model: the next try asks the Hub again.
            if error.kind == .notFound { cache.withLock { $0.forget(model) } }
            throw error
        }
    }

    private func model(of request: ImageRequest) throws(ProviderError) -> HFModelID {
        guard let text = request.model else { return settings.defaultModel }
        do {
            return try HFModelID(text)
        } catch {
            throw refusal(.refused, "\(error)")
        }
    }

    /// Who is asked, and under which name it knows the model.
    private func route(_ model: HFModelID) async throws(ProviderError) -> (HFRoutedProvider?, String?) {
        guard settings.form == .router else { return (nil, nil) }
        switch settings.route {
        case .provider(.hfInference): return (.hfInference, nil)  // its name of a model is the model's
        case .provider(let provider):
            let mapping = try await mapping(of: model)
            guard let entry = mapping.entry(of: provider) else {
                throw refusal(.notFound, mapping.noRoute(model: model))
            }
            return (provider, entry.providerID)
        case .auto:
            let mapping = try await mapping(of: model)
            guard let route = mapping.route() else { throw refusal(.notFound, mapping.noRoute(model: model)) }
            return (route.provider, route.entry.providerID)
        }
    }

    private func mapping(of model: HFModelID) async throws(ProviderError) -> HFMapping {
        if let known = cache.withLock({ $0.fresh(model, at: now()) }) { return known }
        do {
            let reply = try await send(HFRequests(settings: settings).mapping(of: model))
            let mapping = try HFMapping.read(reply, settings: settings, model: model, now: now())
            cache.withLock { $0.keep(mapping, of: model, at: now()) }
            return mapping
        } catch {
            // What was true some hours ago is a better guess than no image at all.
            if error.isPassing, let known = cache.withLock({ $0.stale(model, at: now()) }) { return known }
            throw error
        }
    }

    private func check(_ request: ImageRequest, provider: HFRoutedProvider?, model: HFModelID) throws(ProviderError) {
        guard let provider else { return }
        let names = provider.unsupported(in: request)
        guard names.isEmpty else {
            throw refusal(
                .refused,
                "\(provider.rawValue), which serves \(model), cannot take \(names.joined(separator: ", ")): it takes prompt, \(provider.parameters.joined(separator: ", ")); leave out the rest or choose another model"
            )
        }
        if provider == .nscale, (request.width == nil) != (request.height == nil) {
            throw refusal(.refused, "nscale, which serves \(model), takes width and height together: give both or none")
        }
    }

    private func send(_ call: ProviderCall) async throws(ProviderError) -> ProviderReply {
        do {
            return try await transport.send(call)
        } catch {
            switch error.reason {
            case .tooLarge: throw refusal(.tooLarge, HFAnswer.tooLarge(settings.imageBytesMax))
            case .network(let reason):
                throw ProviderError(
                    provider: name,
                    kind: .network,
                    message: "no answer came: \(reason)",
                    mayBePaid: error.mayHaveBeenSent
                )
            case .timeout:
                throw ProviderError(
                    provider: name,
                    kind: .network,
                    message: "no answer came within \(call.timeout)",
                    mayBePaid: error.mayHaveBeenSent
                )
            case .address(let reason):
                throw refusal(.settings, "\(reason); check HUGGINGFACE_BASE_URL and HUGGINGFACE_HUB_URL")
            case .canceled: throw refusal(.canceled, "the request was canceled")
            }
        }
    }

    private func refusal(_ kind: ProviderError.Kind, _ message: String) -> ProviderError {
        ProviderError(provider: name, kind: kind, message: message)
    }
}

extension ProviderError {
    /// Whether the same question may be answered later.
    fileprivate var isPassing: Bool {
        switch kind {
        case .rateLimited, .unavailable, .network, .badAnswer, .tooLarge: true
        default: false
        }
    }
}
