import JSON
import Providers

@testable import Generate

/// A network that is not there.
struct NoTransport: ProviderTransport {
    func send(_ call: ProviderCall) async throws(TransportError) -> ProviderReply {
        throw .network("no network in this test")
    }
}

/// Providers as admission sees them, none of them asked.
enum Fake {
    static let all = Parameters.all
    static let plain: Parameters = [.negativePrompt, .width, .height, .steps, .guidanceScale, .seed, .scheduler]

    static func standing(
        _ name: String,
        ids: ModelIDs = .own,
        key: String? = "k",
        isFree: Bool = false,
        usual: String? = nil,
        notReady: String? = nil,
        takesAttemptIDs: Bool = false,
        learnsLater: Bool = false,
        abilities: ProviderAbilities = ProviderAbilities(plain)
    ) -> ProviderStanding {
        let entry = ProviderEntry(name: name, secret: isFree ? nil : "KEY", ids: ids, learnsLater: learnsLater) {
            _,
            _ in
            throw NoProvider()
        }
        return ProviderStanding(
            entry: entry,
            readiness: notReady.map { .notReady($0) } ?? .ready,
            hasKey: key != nil && !isFree,
            account: key.map { "\(name)#\($0)" } ?? name,
            usualModel: usual,
            takesAttemptIDs: takesAttemptIDs,
            abilities: { _ in abilities }
        )
    }

    static let sandbox = standing("sandbox", ids: .any, key: nil, isFree: true)
    static let huggingface = standing("huggingface", ids: .hub, usual: "org/usual")
    static let runware = standing(
        "runware",
        ids: .air,
        usual: "runware:100@1",
        takesAttemptIDs: true,
        abilities: ProviderAbilities(all, sizes: .steps(of: 64, in: 128...2048), kinds: [.image, .video])
    )
    static let openai = standing(
        "openai",
        usual: "gpt-image-1.5",
        abilities: ProviderAbilities([.width, .height, .image, .mask], sizes: .listed([[1024, 1024], [1536, 1024]]))
    )

    static func admission(
        _ standings: [ProviderStanding],
        _ settings: GenerateSettings = GenerateSettings()
    ) -> Admission {
        Admission(routing: Routing(settings: settings, standings: standings))
    }
}

private struct NoProvider: Error {}
