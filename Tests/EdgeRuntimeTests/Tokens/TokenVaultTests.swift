import CivilTime
import Digest
import EdgeLoop
import JSON
import Secrets
import Synchronization
import TestSupport
import Testing

@testable import EdgeRuntime

struct TokenVaultTests {
    init() { TestLoop.start() }

    private static let one = "0123456789abcdef0123456789abcdefffeeddccbbaa99887766554433221100"
    private static let two = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    private let token = SecretValue("rw_callersOwnToken01")

    private func keys(_ text: String) throws -> TokenKeys { try TokenKeys(SecretValue(text)) }

    @LoopActor
    private func vault(_ keys: String, _ folder: TemporaryFolder) async throws -> (TokenVault, TokenVault.Found) {
        let vault = TokenVault()
        let found = try await vault.use(try self.keys(keys), try SQLTokenStore(state: folder.path))
        return (vault, found)
    }

    @LoopActor
    private func keep(_ vault: TokenVault, _ owner: String, _ provider: String = "runware") async throws {
        _ = try await vault.keep(token, owner: owner, provider: provider, check: "it works", now: .now())
    }

    @LoopActor
    private func open(_ vault: TokenVault, _ owner: String, _ provider: String = "runware") throws -> SecretValue? {
        try vault.token(TokenName(owner: owner, provider: provider))
    }

    @Test @LoopActor func `a token is opened for its owner and nobody else, also by the next host`() async throws {
        let folder = TemporaryFolder()
        let (vault, _) = try await vault(Self.one, folder)
        try await keep(vault, "key:a")

        let (next, found) = try await self.vault(Self.one, folder)

        for vault in [vault, next] {
            #expect(try open(vault, "key:a") == token)
            #expect(try open(vault, "key:b") == nil)
            #expect(try open(vault, "key:a", "openai") == nil)
            #expect(try vault.token(TokenName(owner: nil, provider: "runware")) == nil)
        }
        #expect(found == TokenVault.Found(count: 1))
        #expect(next.kept("key:a").first?.check == "it works")
    }

    @Test @LoopActor func `a removed token is gone for the next host too`() async throws {
        let folder = TemporaryFolder()
        let (vault, _) = try await vault(Self.one, folder)
        try await keep(vault, "key:a")
        try await keep(vault, "key:a", "openai")

        try await vault.remove(owner: "key:a", provider: "runware")
        try await vault.remove(owner: "key:a", provider: "none")

        let (next, found) = try await self.vault(Self.one, folder)
        #expect(vault.providers(of: "key:a") == ["openai"] && next.providers(of: "key:a") == ["openai"])
        #expect(vault.count == 1 && found.count == 1)
    }

    @Test @LoopActor func `with a new first key everything is sealed again, so that the old one can go`() async throws {
        let folder = TemporaryFolder()
        let (old, _) = try await vault(Self.one, folder)
        try await keep(old, "key:a")
        try await keep(old, "key:b")

        let (_, renewed) = try await vault("\(Self.two) \(Self.one)", folder)
        let (last, found) = try await vault(Self.two, folder)

        #expect(renewed == TokenVault.Found(count: 2, renewed: 2))
        #expect(found == TokenVault.Found(count: 2))
        #expect(try open(last, "key:b") == token)
    }

    @Test @LoopActor
    func `with a wrong key tokens are told as lost, stay in the file, and open when it is right again`()
        async throws
    {
        let folder = TemporaryFolder()
        let (first, _) = try await vault(Self.one, folder)
        try await keep(first, "key:a")

        let (wrong, lost) = try await vault(Self.two, folder)

        #expect(lost == TokenVault.Found(count: 1, lost: 1))
        #expect(throws: SealedAway(provider: "runware")) { try open(wrong, "key:a") }
        #expect(wrong.accounts(of: "key:a", among: ["runware"]).isEmpty)
        let (right, _) = try await vault(Self.one, folder)
        #expect(try open(right, "key:a") == token)
    }

    @Test @LoopActor func `a row that was moved to another owner or provider opens for nobody`() async throws {
        let folder = TemporaryFolder()
        let (vault, _) = try await vault(Self.one, folder)
        try await keep(vault, "key:a")
        let row = try #require(vault.kept("key:a", "runware"))
        let store = try SQLTokenStore(state: folder.path)
        try store.keep([
            KeptToken(owner: "key:b", provider: "runware", sealed: row.sealed, set: row.set, check: row.check),
            KeptToken(owner: "key:a", provider: "openai", sealed: row.sealed, set: row.set, check: row.check),
        ])

        let (next, found) = try await self.vault(Self.one, folder)

        #expect(found == TokenVault.Found(count: 3, lost: 2))
        #expect(throws: SealedAway.self) { try open(next, "key:b") }
        #expect(throws: SealedAway.self) { try open(next, "key:a", "openai") }
        #expect(try open(next, "key:a") == token)
    }

    @Test @LoopActor func `without a key tokens are in memory, and go along to the file when there is one`()
        async throws
    {
        let folder = TemporaryFolder()
        let vault = TokenVault()
        try await keep(vault, "key:a")
        #expect(try open(vault, "key:a") == token && !vault.isDurable)

        _ = try await vault.use(try keys(Self.one), try SQLTokenStore(state: folder.path))

        let (next, _) = try await self.vault(Self.one, folder)
        #expect(try open(vault, "key:a") == token && vault.isDurable)
        #expect(try open(next, "key:a") == token)
    }

    @Test @LoopActor func `what is kept while keys change is sealed with those that count in the end, or refused`()
        async throws
    {
        let folder = TemporaryFolder()
        let vault = TokenVault()
        let store = try SQLTokenStore(state: folder.path)
        _ = try await vault.use(try keys(Self.one), store)
        let changes = (0..<20).map { number in
            Task { @LoopActor in try? await keep(vault, "key:\(number)") }
        }
        let moved = Task { @LoopActor in try await vault.use(try keys(Self.two), store) }
        for change in changes { await change.value }
        _ = try await moved.value

        for row in (0..<20).flatMap({ vault.kept("key:\($0)") }) { #expect(try open(vault, row.owner) == token) }
        let (_, found) = try await self.vault(Self.two, folder)
        #expect(found == TokenVault.Found(count: vault.count))
    }

    @Test @LoopActor func `the file holds no token, and nobody but its owner may read it`() async throws {
        let folder = TemporaryFolder()
        let (vault, _) = try await vault(Self.one, folder)
        try await keep(vault, "key:a")

        for file in filesBelow(folder.path) {
            let bytes = try #require(fileBytes(file))
            #expect(String(decoding: bytes, as: UTF8.self).contains(token.reveal()) == false)
        }
    }

    @Test @LoopActor func `an account tells tokens apart and is no part of them`() async throws {
        let vault = TokenVault()
        try await keep(vault, "key:a")

        let account = try #require(vault.accounts(of: "key:a", among: ["openai", "runware"])["runware"])

        #expect(account == "runware#\(SHA256.hex(of: token.reveal()).prefix(8))")
        #expect(vault.accounts(of: "key:a", among: ["openai"]).isEmpty)
    }

    // MARK: What else decides

    @Test func `a caller may have twenty checks an hour`() {
        var rate = CheckRate()
        let start = Timestamp(milliseconds: 1_700_000_000_000)
        for _ in 0..<CheckRate.anHour { #expect(rate.take("a", now: start) == nil) }

        #expect(rate.take("a", now: start + .seconds(60)) == 3540)
        #expect(rate.take("b", now: start) == nil)
        #expect(rate.take("a", now: start + .seconds(3601)) == nil)
    }

    @Test @LoopActor func `a log shows no token that is or was lately in use`() async {
        let secrets = SecretKeeper(log: LogWriter(descriptor: 1, form: .text))
        secrets.use([("KEY", SecretValue("the-hosts-own-key"))])

        let inUse = await secrets.using(token, of: "runware") { secrets.redactor.redact("a \(token.reveal()) b") }

        #expect(inUse == "a [token of runware] b")
        #expect(secrets.redactor.redact("\(token.reveal()) the-hosts-own-key") == "[token of runware] [KEY]")
        for number in 0...SecretKeeper.idleMax {
            await secrets.using(SecretValue("another-token-\(number)"), of: "x") {}
        }
        await secrets.using(SecretValue("one-more-token"), of: "x") {}
        #expect(secrets.redactor.redact("another-token-64") == "[token of x]")
        #expect(secrets.redactor.redact(token.reveal()) == token.reveal())
    }
}
