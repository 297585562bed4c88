// What is replaced in everything that the host writes: its secrets, and callers' tokens while they are in use.
internal import EdgeLoop
internal import Secrets

/// Makes the log's redactor. A token is known from its first use on, and some time after its last: a function may write late.
@LoopActor
final class SecretKeeper {
    private let log: LogWriter
    private var secrets: [(name: String, value: SecretValue)] = []
    private var tokens: [Known] = []

    private struct Known {
        let name: String
        let value: SecretValue
        var uses: Int
    }

    /// Tokens that are known although nothing uses them now; the oldest go first.
    static let idleMax = 64

    init(log: LogWriter) { self.log = log }

    var redactor: Redactor { log.redactor }

    func use(_ secrets: [(name: String, value: SecretValue)]) {
        self.secrets = secrets
        renew()
    }

    /// Knows a token while `body` runs, and from then on until others take its place.
    func using<Output>(
        _ token: SecretValue?,
        of provider: String,
        _ body: @LoopActor () async throws -> Output
    ) async rethrows -> Output {
        guard let token else { return try await body() }
        take(token, "token of \(provider)")
        defer { letGo(token) }
        return try await body()
    }

    private func take(_ token: SecretValue, _ name: String) {
        if let index = tokens.firstIndex(where: { $0.value == token }) {
            tokens[index].uses += 1
        } else {
            tokens.append(Known(name: name, value: token, uses: 1))
            renew()
        }
    }

    private func letGo(_ token: SecretValue) {
        guard let index = tokens.firstIndex(where: { $0.value == token }) else { return }
        var known = tokens.remove(at: index)
        known.uses -= 1
        tokens.append(known)  // behind those that were used longer ago
        while tokens.count(where: { $0.uses == 0 }) > Self.idleMax,
            let oldest = tokens.firstIndex(where: { $0.uses == 0 })
        {
            tokens.remove(at: oldest)
        }
    }

    private func renew() { log.redactor = Redactor(secrets + tokens.map { ($0.name, $0.value) }) }
}
