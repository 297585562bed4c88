// The providers of this function. A further one is one more entry.
internal import HFInference
internal import Sandbox

enum KnownProviders {
    static let all: [ProviderEntry] = [huggingface, sandbox]

    static let names = all.map(\.name)

    private static let huggingface = ProviderEntry(
        name: "huggingface",
        secret: "HUGGINGFACE_API_KEY",
        addresses: ["HUGGINGFACE_BASE_URL", "HUGGINGFACE_HUB_URL"],
        usualModel: { _ in HFModelID.usual.text },
        ids: .hub,
        learnsLater: true
    ) { HFInference(settings: try HFSettings(environment: $0), transport: $1.transport) }

    private static let sandbox = ProviderEntry(name: "sandbox", ids: .any) {
        Sandbox(settings: try SandboxSettings(environment: $0), draw: $1.draw)
    }
}
