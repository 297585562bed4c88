// The providers of this function. A further one is one more entry.
internal import HFInference
internal import Runware
internal import Sandbox

enum KnownProviders {
    static let all: [ProviderEntry] = [runware, huggingface, sandbox]

    static let names = all.map(\.name)

    private static let runware = ProviderEntry(
        name: "runware",
        secret: "RUNWARE_API_KEY",
        addresses: ["RUNWARE_BASE_URL"],
        usualModel: { _ in RunwareModel.usual.text },
        ids: .air,
        make: { Runware(settings: try RunwareSettings(environment: $0), transport: $1.transport) }
    )

    private static let huggingface = ProviderEntry(
        name: "huggingface",
        secret: "HUGGINGFACE_API_KEY",
        addresses: ["HUGGINGFACE_BASE_URL", "HUGGINGFACE_HUB_URL"],
        usualModel: { _ in HFModelID.usual.text },
        ids: .hub,
        learnsLater: true,
        make: { HFInference(settings: try HFSettings(environment: $0), transport: $1.transport) }
    )

    private static let sandbox = ProviderEntry(name: "sandbox", ids: .any) {
        Sandbox(settings: try SandboxSettings(environment: $0), draw: $1.draw)
    }
}
