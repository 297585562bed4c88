// The providers of this function. A further one is one more entry.
internal import Civitai
internal import HFInference
internal import OpenAIImages
internal import Runware
internal import Sandbox

enum KnownProviders {
    static let all: [ProviderEntry] = [runware, huggingface, openai, civitai, sandbox]

    static let names = all.map(\.name)

    private static let runware = ProviderEntry(
        name: "runware",
        secret: "RUNWARE_API_KEY",
        addresses: ["RUNWARE_BASE_URL"],
        shaping: ["RUNWARE_BASE_URL"],
        usualModel: { _ in RunwareModel.usual.text },
        ids: .air,
        make: { Runware(settings: try RunwareSettings(environment: $0), transport: $1.transport) }
    )

    private static let huggingface = ProviderEntry(
        name: "huggingface",
        secret: "HUGGINGFACE_API_KEY",
        addresses: ["HUGGINGFACE_BASE_URL", "HUGGINGFACE_HUB_URL"],
        shaping: ["HUGGINGFACE_BASE_URL", "HUGGINGFACE_FORM"],
        keyed: ["HUGGINGFACE_BILL_TO"],
        usualModel: { _ in HFModelID.usual.text },
        ids: .hub,
        learnsLater: true,
        make: { HFInference(settings: try HFSettings(environment: $0), transport: $1.transport) }
    )

    private static let openai = ProviderEntry(
        name: "openai",
        secret: "OPENAI_API_KEY",
        addresses: ["OPENAI_BASE_URL"],
        shaping: ["OPENAI_BASE_URL", "OPENAI_QUALITY", "OPENAI_EXTRAS"],
        usualModel: { environment in
            guard let settings = try? OpenAISettings(environment: environment) else { return nil }
            return settings.defaultModel?.text ?? (settings.isPublic ? OpenAIModel.usual.text : nil)
        },
        ids: .own,
        make: { OpenAIImages(settings: try OpenAISettings(environment: $0), transport: $1.transport) }
    )

    private static let civitai = ProviderEntry(
        name: "civitai",
        secret: "CIVITAI_API_KEY",
        addresses: ["CIVITAI_BASE_URL", "CIVITAI_SITE_URL"],
        shaping: ["CIVITAI_BASE_URL"],
        usualModel: { _ in CivitaiAIR.usual.text },
        ids: .urn,
        make: { Civitai(settings: try CivitaiSettings(environment: $0), transport: $1.transport) }
    )

    private static let sandbox = ProviderEntry(name: "sandbox", ids: .any) {
        Sandbox(settings: try SandboxSettings(environment: $0), draw: $1.draw)
    }
}
