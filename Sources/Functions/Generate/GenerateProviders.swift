// The providers of this function, made once from its environment and its settings file.
internal import EdgeFunction
internal import JSON
internal import Providers

/// Every provider by name, and what each says about being used. A setting that cannot be used makes one provider not
/// ready, and leaves the other ones as they are; an address that is none stops all of it.
struct GenerateProviders {
    private var providers: [String: any Provider] = [:]
    private let maker: OwnProviderMaker
    let admission: Admission

    /// - Throws: what is wrong with an address, with the name of its variable.
    init(
        environment: [String: String],
        settings: GenerateSettings = GenerateSettings(),
        known: [ProviderEntry] = KnownProviders.all,
        tools: ProviderTools
    ) throws {
        maker = OwnProviderMaker(environment: environment, known: known, tools: tools)
        var standings: [ProviderStanding] = []
        for entry in known {
            let made = Result { try entry.make(environment, tools) }
            switch made {
            case .success(let provider): providers[entry.name] = provider
            case .failure(let error):
                let text = "\(error)"
                if entry.addresses.contains(where: { text.hasPrefix("\($0) ") }) { throw error }
            }
            let own = maker.trial(entry)
            standings.append(ProviderStanding(entry, environment: environment, made: made, own: own))
        }
        admission = Admission(routing: Routing(settings: settings, standings: standings))
    }

    /// - Parameter token: a caller's own, in place of the key.
    func run(
        _ request: ImageRequest,
        at name: String,
        attempt: ProviderAttempt,
        token: String? = nil
    ) async -> Result<ProviderAnswer, ProviderError> {
        do throws(ProviderError) {
            return .success(try await Self.run(request, try provider(name, token), attempt))
        } catch {
            return .failure(token == nil ? error : maker.forCaller(error))
        }
    }

    private static func run(
        _ request: ImageRequest,
        _ provider: any Provider,
        _ attempt: ProviderAttempt
    ) async throws(ProviderError) -> ProviderAnswer {
        var request = request
        // Nobody asked for that seed.
        if request.isSeedDrawn, !provider.abilities(of: request.model).parameters.contains(.seed) { request.seed = nil }
        return try await provider.answer(request, attempt: attempt)
    }

    func cancel(at name: String, state: JSONValue, token: String? = nil) async {
        // Whoever cancels does not wait for it to be heard.
        try? await provider(name, token).cancel(state: state)
    }

    func check(_ name: String, token: String? = nil) async throws(ProviderError) -> String {
        do throws(ProviderError) {
            return try await provider(name, token).check()
        } catch {
            throw token == nil ? error : maker.forCaller(error)
        }
    }

    /// The provider with the function's own key, or for this call alone with a caller's token.
    private func provider(_ name: String, _ token: String?) throws(ProviderError) -> any Provider {
        if let token { return try maker.make(name, token: token) }
        guard let provider = providers[name] else { throw missing(name) }
        return provider
    }

    /// The settings have become unusable after the job was accepted, or the provider is gone.
    private func missing(_ name: String) -> ProviderError {
        var advice = "this version knows no such provider"
        if let standing = admission.routing.standings.first(where: { $0.name == name }),
            case .notReady(let reason) = standing.readiness
        {
            advice = reason
        }
        return ProviderError(provider: name, kind: .settings, message: advice)
    }

    /// For whoever asks how the service is; accounts and quotas for its operator alone.
    var description: JSONObject {
        let routing = admission.routing
        var providers: JSONObject = [:]
        for standing in routing.standings {
            var provider: JSONObject = ["ready": .bool(standing.readiness == .ready)]
            if case .notReady(let advice) = standing.readiness { provider["advice"] = .string(advice) }
            let aliases = routing.settings.models.filter { $0.value[standing.name] != nil }.keys.sorted()
            provider["models"] = .object(
                aliases.reduce(into: JSONObject()) { models, alias in
                    models[alias] = routing.settings.models[alias]?[standing.name].map { .string($0) }
                }
            )
            provider["model"] = standing.usualModel.map { .string($0) } ?? .null
            provider["price"] = routing.usualPrice(of: standing).map { .integer($0) } ?? .null
            provider["account"] = .string(standing.account)
            provider["quota"] = routing.settings.quotas[standing.name]?.document
            providers[standing.name] = .object(provider)
        }
        let ready = routing.standings.filter { $0.readiness == .ready }
        let aliases = routing.settings.models.filter { alias in ready.contains { alias.value[$0.name] != nil } }.keys
        let ids = Set(aliases).union(ready.compactMap(\.usualModel))
        return ["providers": .object(providers), "models": .array(ids.sorted().map { .string($0) })]
    }
}
