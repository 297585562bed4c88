// The providers of this function, made once from its environment and its settings file.
internal import EdgeFunction
internal import JSON
internal import Providers

/// Every provider by name, and what each says about being used. A setting that cannot be used makes one provider not
/// ready, and leaves the other ones as they are; an address that is none stops all of it.
struct GenerateProviders {
    private var providers: [String: any Provider] = [:]
    let admission: Admission

    /// - Throws: what is wrong with an address, with the name of its variable.
    init(
        environment: [String: String],
        settings: GenerateSettings = GenerateSettings(),
        known: [ProviderEntry] = KnownProviders.all,
        tools: ProviderTools
    ) throws {
        var standings: [ProviderStanding] = []
        for entry in known {
            let made = Result { try entry.make(environment, tools) }
            switch made {
            case .success(let provider): providers[entry.name] = provider
            case .failure(let error):
                let text = "\(error)"
                if entry.addresses.contains(where: { text.hasPrefix("\($0) ") }) { throw error }
            }
            standings.append(ProviderStanding(entry, environment: environment, made: made))
        }
        admission = Admission(routing: Routing(settings: settings, standings: standings))
    }

    func run(
        _ request: ImageRequest,
        at name: String,
        attempt: ProviderAttempt
    ) async -> Result<ProviderAnswer, ProviderError> {
        guard let provider = providers[name] else { return .failure(missing(name)) }
        var request = request
        // Nobody asked for that seed.
        if request.isSeedDrawn, !provider.abilities(of: request.model).parameters.contains(.seed) { request.seed = nil }
        do throws(ProviderError) {
            return .success(try await provider.answer(request, attempt: attempt))
        } catch {
            return .failure(error)
        }
    }

    func cancel(at name: String, state: JSONValue) async { await providers[name]?.cancel(state: state) }

    func check(_ name: String) async throws(ProviderError) -> String {
        guard let provider = providers[name] else { throw missing(name) }
        return try await provider.check()
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
