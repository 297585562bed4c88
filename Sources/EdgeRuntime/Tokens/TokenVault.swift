// Callers' own tokens: sealed in memory, and in the store where there is a key that outlives the host.
internal import CivilTime
internal import Digest
internal import EdgeLoop
internal import Secrets

/// A token that is there and cannot be opened.
struct SealedAway: Error, Equatable, CustomStringConvertible {
    let provider: String

    var description: String {
        "the token for \(provider) cannot be opened: it was sealed with a key that is not in EDGE_TOKEN_KEY any more"
    }
}

/// Keys or files are being changed: nothing can be kept for a moment.
struct VaultBusy: Error, CustomStringConvertible {
    let description = "the keys that seal callers' tokens are being changed"
}

/// Opens a token for its owner's work and shows it nowhere. Rows stay in memory, so that a request waits for no disk.
@LoopActor
final class TokenVault {
    /// Rows of all callers; each takes some 400 bytes.
    nonisolated static let tokensMax = 100_000

    private var keys = TokenKeys.drawn()
    private var store: (any TokenStore)?
    private var tokens: [String: [String: KeptToken]] = [:]
    private(set) var count = 0
    /// Whether ``use(_:_:)`` is at work, and how many changes were under way before it.
    private var isMoving = false
    private var underWay = 0
    private let changes = ChangeSignal()

    /// Whether tokens survive the host.
    var isDurable: Bool { store != nil }

    /// What was found at the start.
    struct Found: Equatable {
        var count = 0
        /// Sealed again with the first key.
        var renewed = 0
        /// No key opens them.
        var lost = 0
    }

    /// Goes over to keys and a store. What memory holds goes along, what the store holds comes to it, and what an old key has sealed is
    /// sealed again. Nothing has changed when it throws.
    func use(_ keys: TokenKeys, _ store: any TokenStore) async throws -> Found {
        // What is sealed with the keys that go must not come behind what is sealed with those that come.
        isMoving = true
        defer { isMoving = false }
        while underWay > 0 { _ = await changes.wait(unless: { underWay == 0 }) }
        var rows: [TokenName: KeptToken] = [:]
        for row in try await Pool.run({ try store.all() }) { rows[row.name] = row }
        for row in tokens.values.flatMap(\.values) { rows[row.name] = row }
        var found = Found(count: rows.count)
        var changed: [KeptToken] = []
        for (name, row) in rows {
            guard let token = open(row, keys) ?? open(row, self.keys) else {
                found.lost += 1
                continue
            }
            guard keys.isOld(row.sealed) else { continue }
            let renewed = row.sealed(again: keys.seal(token, owner: row.owner, provider: row.provider))
            rows[name] = renewed
            changed.append(renewed)
        }
        if !changed.isEmpty { try await Pool.run { [changed] in try store.keep(changed) } }
        found.renewed = changed.count
        self.keys = keys
        self.store = store
        tokens = [:]
        for row in rows.values { tokens[row.owner, default: [:]][row.provider] = row }
        count = rows.count
        return found
    }

    // MARK: Reading

    func providers(of owner: String) -> [String] { tokens[owner]?.keys.sorted() ?? [] }

    func kept(_ owner: String) -> [KeptToken] { (tokens[owner] ?? [:]).values.sorted { $0.provider < $1.provider } }

    func kept(_ owner: String, _ provider: String) -> KeptToken? { tokens[owner]?[provider] }

    /// The token for its owner's own work; nil when there is none.
    func token(_ name: TokenName) throws(SealedAway) -> SecretValue? {
        guard let owner = name.owner, let row = tokens[owner]?[name.provider] else { return nil }
        guard let token = open(row, keys) else { throw SealedAway(provider: name.provider) }
        return token
    }

    /// The accounts of a caller's tokens that can be opened, by provider: what quotas count by.
    func accounts(of owner: String, among providers: [String]) -> [String: String] {
        guard tokens[owner] != nil else { return [:] }
        var accounts: [String: String] = [:]
        for provider in providers {
            guard let token = try? token(TokenName(owner: owner, provider: provider)) else { continue }
            let hash = token.withUTF8 { SHA256.hex(of: UnsafeRawBufferPointer($0)) }
            accounts[provider] = "\(provider)#\(hash.prefix(Self.accountDigits))"
        }
        return accounts
    }

    /// As many as functions tell of the host's own keys.
    private static let accountDigits = 8

    // MARK: Changing

    func hasRoom(for name: TokenName) -> Bool {
        count < Self.tokensMax || name.owner.map { tokens[$0]?[name.provider] != nil } ?? false
    }

    /// Keeps a token in place of an earlier one; on disk when it returns, where there is a store.
    func keep(
        _ token: SecretValue,
        owner: String,
        provider: String,
        check: String,
        now: Timestamp
    ) async throws -> KeptToken {
        try begin()
        defer { end() }
        let row = KeptToken(
            owner: owner,
            provider: provider,
            sealed: keys.seal(token, owner: owner, provider: provider),
            set: now,
            check: check
        )
        if let store { try await Pool.run { try store.keep([row]) } }
        if tokens[owner]?[provider] == nil { count += 1 }
        tokens[owner, default: [:]][provider] = row
        return row
    }

    func remove(owner: String, provider: String) async throws {
        guard tokens[owner]?[provider] != nil else { return }
        try begin()
        defer { end() }
        if let store { try await Pool.run { try store.remove(owner: owner, provider: provider) } }
        guard tokens[owner]?.removeValue(forKey: provider) != nil else { return }
        count -= 1
        if tokens[owner]?.isEmpty ?? false { tokens[owner] = nil }
    }

    private func begin() throws(VaultBusy) {
        guard !isMoving else { throw VaultBusy() }
        underWay += 1
    }

    private func end() {
        underWay -= 1
        changes.notify()
    }

    private func open(_ row: KeptToken, _ keys: TokenKeys) -> SecretValue? {
        keys.open(row.sealed, owner: row.owner, provider: row.provider)
    }
}
