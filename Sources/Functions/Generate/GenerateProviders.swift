// The providers of this function, made once from its environment.
internal import HFInference
internal import Providers
internal import Sandbox

/// Every provider by name, and what each says about being used. A setting that cannot be used makes one provider not
/// ready, and leaves the other ones as they are.
struct GenerateProviders {
    private var providers: [GenerateInput.ProviderName: any Provider] = [:]
    let admission: Admission

    init(
        environment: [String: String],
        transport: any ProviderTransport,
        draw: @escaping @Sendable (ImageRequest) async -> [UInt8]
    ) {
        var readiness: [GenerateInput.ProviderName: ProviderReadiness] = [:]
        do {
            let provider = HFInference(settings: try HFSettings(environment: environment), transport: transport)
            providers[.huggingface] = provider
            readiness[.huggingface] = provider.readiness
        } catch {
            readiness[.huggingface] = .notReady("\(error)")
        }
        do {
            let provider = Sandbox(settings: try SandboxSettings(environment: environment), draw: draw)
            providers[.sandbox] = provider
            readiness[.sandbox] = provider.readiness
        } catch {
            readiness[.sandbox] = .notReady("\(error)")
        }
        let hasKey = environment["HUGGINGFACE_API_KEY"].map { !$0.isEmpty } ?? false
        admission = Admission(
            defaultProvider: hasKey ? .huggingface : .sandbox,
            defaultModel: HFModelID.usual.text,
            readiness: readiness
        )
    }

    /// What an image will cost, in micro-dollars; nil where nobody can tell.
    func price(of input: GenerateInput) -> Int64? { input.provider == .sandbox ? 0 : nil }

    func run(_ input: GenerateInput, attempt: ProviderAttempt) async -> Result<ProviderAnswer, ProviderError> {
        guard let provider = providers[input.provider] else {
            // The settings have become unusable after the job was accepted.
            guard case .notReady(let advice) = admission.readiness[input.provider] else { preconditionFailure() }
            return .failure(ProviderError(provider: input.provider.rawValue, kind: .settings, message: advice))
        }
        do throws(ProviderError) {
            return .success(try await provider.answer(input.request, attempt: attempt))
        } catch {
            return .failure(error)
        }
    }
}
