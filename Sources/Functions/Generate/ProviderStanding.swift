// What admission knows of a provider: whether it can be used, by which account, and what it can do.
internal import Digest
internal import Providers

struct ProviderStanding: Sendable {
    let entry: ProviderEntry
    var readiness: ProviderReadiness
    /// Whether its key is set.
    var hasKey: Bool
    /// What quotas count by: its name, and the beginning of a hash of its key.
    var account: String
    /// Tells settings that make other pictures apart; nil: none is set.
    var server: String?
    /// The model of an image where none is asked for; nil: its own choice.
    var usualModel: String?
    var takesAttemptIDs = false
    /// Whether it could be used with a caller's own token; nil: it takes none.
    var ownReadiness: ProviderReadiness?
    /// Whether a caller's own token is used.
    var isOwn = false
    var abilities: @Sendable (String?) -> ProviderAbilities

    var name: String { entry.name }

    /// The same for a caller who has a token of its own; nil where none is taken.
    var own: ProviderStanding? {
        guard let ownReadiness else { return nil }
        var own = self
        own.readiness = ownReadiness
        own.hasKey = true
        own.isOwn = true
        return own
    }
}

extension ProviderStanding {
    /// - Parameter own: the provider with any token in place of the key; nil where it takes none.
    init(
        _ entry: ProviderEntry,
        environment: [String: String],
        made: Result<any Provider, any Error>,
        own: Result<any Provider, any Error>? = nil
    ) {
        let key = entry.secret.flatMap { environment[$0] }.flatMap { $0.isEmpty ? nil : $0 }
        self.init(
            entry: entry,
            readiness: .ready,
            hasKey: key != nil,
            account: key.map { "\(entry.name)#\(SHA256.hex(of: $0).prefix(Self.accountDigits))" } ?? entry.name,
            server: Self.server(entry, environment),
            usualModel: entry.usualModel(environment),
            abilities: { _ in ProviderAbilities([]) }
        )
        switch made {
        case .success(let provider):
            readiness = provider.readiness
            takesAttemptIDs = provider.takesAttemptIDs
            abilities = { provider.abilities(of: $0) }
        case .failure(let error): readiness = .notReady("\(error)")
        }
        switch own {
        case .success(let provider):
            ownReadiness = provider.readiness
            takesAttemptIDs = provider.takesAttemptIDs
            abilities = { provider.abilities(of: $0) }
        case .failure(let error): ownReadiness = .notReady("\(error)")
        case nil: break
        }
    }

    private static func server(_ entry: ProviderEntry, _ environment: [String: String]) -> String? {
        let set = entry.shaping.filter { environment[$0]?.isEmpty == false }
        guard !set.isEmpty else { return nil }
        return SHA256.hex(of: set.map { "\($0)=\(environment[$0] ?? "")" }.joined(separator: "\n"))
    }

    /// Enough to tell the keys of one host apart, and of no use to find a key by.
    private static let accountDigits = 8
}
