// Images by Hugging Face: finds who serves a model, asks, and reads what comes back.
internal import CivilTime
public import JSON
public import Providers
internal import Synchronization

/// Images and videos over Hugging Face's router, or over a server of the older `models` form.
///
/// ```swift
/// let settings = try HFSettings(environment: environment)
/// let provider = HFInference(settings: settings, transport: UpstreamTransport(Upstream()))
/// let answer = try await provider.answer(ImageRequest(prompt: "a lighthouse"), attempt: attempt)
/// ```
/// It retries nothing by itself: a loading model or a rate limit is an error that says how long to wait. A provider that queues
/// is asked once, and looked at again through ``ProviderAnswer/later(after:state:)`` until it has made the result.
public final class HFInference: Provider {
    public let name = "huggingface"
    let settings: HFSettings
    private let transport: any ProviderTransport
    private let cache = Mutex(HFMappingCache())
    let now: @Sendable () -> Timestamp

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
    public func abilities(of model: String?) -> ProviderAbilities { Self.abilities }

    /// What any of the providers can do.
    private static let abilities: ProviderAbilities = {
        var parameters = Parameters()
        for provider in HFRoutedProvider.allCases {
            for task in HFTask.allCases { parameters.formUnion(provider.parameters(for: task) ?? []) }
        }
        return ProviderAbilities(parameters, kinds: [.image, .video])
    }()

    /// The account's name, asked of the Hub: free. A key of another server is none of the Hub's business.
    public func check() async throws(ProviderError) -> String {
        if case .notReady(let advice) = readiness { throw refusal(.credentials, advice) }
        guard let token = settings.token else {
            return
                "no token is set, and a server of your own may need none: whether it works shows with the first image"
        }
        guard token.isHuggingFace else {
            if settings.form == .router, settings.baseURL == HFSettings.publicRouter {
                throw refusal(
                    .credentials,
                    "HUGGINGFACE_API_KEY is no token of Hugging Face, which begins with hf_: make one at https://huggingface.co/settings/tokens"
                )
            }
            return
                "the key is no token of Hugging Face, which begins with hf_: whether it is taken shows with the first image"
        }
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
        if let state = attempt.state {
            guard let queued = HFQueued(state) else {
                throw ProviderError(
                    provider: name,
                    kind: .badAnswer,
                    message: "what was kept of the job cannot be read: ask for it again",
                    mayBePaid: true
                )
            }
            return try await look(queued, model: model, request: request, attempt: attempt)
        }
        let route = try await route(request, model)
        do {
            return try await begin(route, attempt: attempt)
        } catch {
            // A provider that no longer has the model: the next try asks the Hub again.
            if error.kind == .notFound { cache.withLock { $0.forget(model) } }
            throw error
        }
    }

    public func cancel(state: JSONValue) async {
        guard let queued = HFQueued(state), let call = HFRequests(settings: settings).cancel(queued) else { return }
        _ = try? await transport.send(call)
    }

    private func model(of request: ImageRequest) throws(ProviderError) -> HFModelID {
        guard let text = request.model else {
            guard request.kind == .image else {
                throw refusal(.refused, "a video needs a model: name one, such as Wan-AI/Wan2.2-TI2V-5B")
            }
            return settings.defaultModel
        }
        do {
            return try HFModelID(text)
        } catch {
            throw refusal(.refused, "\(error)")
        }
    }

    /// Who is asked, under which name it knows the model, and with what of the request.
    private func route(_ request: ImageRequest, _ model: HFModelID) async throws(ProviderError) -> HFRoute {
        guard settings.form == .router else {
            return try HFRoute(request, model: model, provider: nil).checked()
        }
        if settings.route == .provider(.hfInference) {  // its name of a model is the model's
            return try HFRoute(request, model: model, provider: .hfInference).checked()
        }
        let mapping = try await mapping(of: model)
        do throws(ProviderError) {
            return try self.route(request, model, mapping)
        } catch {
            guard let (bare, dropped) = HFRoute.withoutPicture(request),
                var route = try? self.route(bare, model, mapping)
            else { throw error }
            route.dropped = dropped + route.dropped
            return route
        }
    }

    private func route(
        _ request: ImageRequest,
        _ model: HFModelID,
        _ mapping: HFMapping
    ) throws(ProviderError) -> HFRoute {
        let task = HFTask(of: request)
        var routes = mapping.routes(for: task)
        if case .provider(let only) = settings.route { routes = routes.filter { $0.provider == only } }
        // The order is the account's preference; who can do all that is asked goes before who cannot.
        guard let first = routes.first(where: { $0.provider.lacks(of: request).isEmpty }) ?? routes.first else {
            throw refusal(.notFound, mapping.noRoute(model: model, task: task))
        }
        return try HFRoute(request, model: model, provider: first.provider, providerID: first.entry.providerID)
            .checked()
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

    /// - Parameter isMaking: whether the provider may have worked, and charged, when no answer comes.
    func send(_ call: ProviderCall, isMaking: Bool = false) async throws(ProviderError) -> ProviderReply {
        do {
            return try await transport.send(call)
        } catch {
            throw HFFault.error(error, of: call, isMaking: isMaking)
        }
    }

    func refusal(_ kind: ProviderError.Kind, _ message: String) -> ProviderError {
        ProviderError(provider: name, kind: kind, message: message)
    }
}

extension ProviderError {
    /// Whether the same question may be answered later.
    var isPassing: Bool {
        switch kind {
        case .rateLimited, .loading, .unavailable, .network, .badAnswer, .tooLarge: true
        default: false
        }
    }
}
