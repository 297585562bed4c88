// Providers with a caller's own token in place of the function's key: made for one call, and gone with it.
internal import Providers

struct OwnProviderMaker {
    let environment: [String: String]
    let known: [ProviderEntry]
    let tools: ProviderTools

    /// Whether a token could be used at all; nil for a provider that takes none.
    func trial(_ entry: ProviderEntry) -> Result<any Provider, any Error>? {
        guard let secret = entry.secret else { return nil }
        return Result { try made(entry, secret: secret, token: "any-token") }
    }

    func make(_ name: String, token: String) throws(ProviderError) -> any Provider {
        guard let entry = known.first(where: { $0.name == name }), let secret = entry.secret else {
            throw ProviderError(provider: name, kind: .settings, message: "it takes no tokens of callers")
        }
        do {
            return try made(entry, secret: secret, token: token)
        } catch {
            throw ProviderError(provider: name, kind: .settings, message: "\(error)")
        }
    }

    private func made(_ entry: ProviderEntry, secret: String, token: String) throws -> any Provider {
        var environment = environment
        for name in entry.keyed { environment[name] = nil }
        environment[secret] = token
        return try entry.make(environment, tools)
    }

    /// An error in the words of whoever brought the token: its account is meant, and the variable of the host's key is none of its business.
    func forCaller(_ error: ProviderError) -> ProviderError {
        guard let secret = known.first(where: { $0.name == error.provider })?.secret else { return error }
        let place = "your own token (PUT /functions/v1/tokens/\(error.provider))"
        var message = error.message.replacing(secret, with: place)
        switch error.kind {
        case .credentials, .permission, .payment:
            if message == error.message { message = "with your own token: \(message)" }
        default: break
        }
        return error.saying(message)
    }
}
