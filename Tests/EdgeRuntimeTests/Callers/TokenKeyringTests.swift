import Callers
import CivilTime
import EdgeLoop
import TestSupport
import Testing

@testable import EdgeRuntime

struct TokenKeyringTests {
    init() { TestLoop.start() }

    private static let url = "https://issuer.example/jwks.json"
    private static let set = Array(TokenSamples.keySet.utf8)

    @Test @LoopActor func `a set that was fetched is there, and at the next start without a network too`() async throws
    {
        let bench = KeyringBench()
        bench.answers = [.success(Self.set)]
        let first = bench.keyring()
        first.use(Self.url)
        try await eventually("the file") { bench.folder.names(in: "").contains(KeySetFile.name) }

        bench.answers = []
        let second = bench.keyring()
        second.use(Self.url)
        try await bench.failed(1)
        let other = bench.keyring()
        other.use("https://other.example/jwks.json")
        try await bench.failed(2)

        #expect(first.keys.count == 2)
        #expect(second.keys.count == 2)
        #expect(other.keys.count == 0, "a set belongs to its URL")
        #expect(bench.logged.first?.contains("goes on") == true)
    }

    @Test @LoopActor func `a set on disk that is a day old is not used`() async throws {
        let bench = KeyringBench()
        bench.answers = [.success(Self.set)]
        bench.keyring().use(Self.url)
        try await eventually("the file") { bench.folder.names(in: "").contains(KeySetFile.name) }
        bench.time = bench.time + KeySetAge.goodFor

        let late = bench.keyring()
        late.use(Self.url)
        try await bench.failed(1)

        #expect(late.keys.count == 0)
        #expect(bench.logged.first?.contains("are refused") == true)
    }

    @Test @LoopActor func `an unknown key waits for one fetch, and is told of the change`() async throws {
        let bench = KeyringBench()
        let gate = Gate()
        bench.answers = [.failure(NoNetwork()), .success(Self.set), .success(Self.set)]
        let keyring = bench.keyring()
        keyring.use(Self.url)
        try await bench.failed(1)
        bench.gate = gate

        async let one = keyring.renewed { keyring.keys.count > 0 }
        async let two = keyring.renewed { keyring.keys.count > 0 }
        try await eventually("a fetch") { bench.calls == 2 }
        gate.open()
        let both = await [one, two]
        let third = await keyring.renewed { false }

        #expect(both == [true, true])
        #expect(!third, "no further fetch within 30 s")
        #expect(bench.calls == 2)
        #expect(bench.changes == 1)
        bench.time = bench.time + KeySetAge.askedEvery
        _ = await keyring.renewed { false }
        #expect(bench.calls == 3)
        #expect(bench.changes == 1, "the same keys are no change")
    }

    @Test(
        "What is no key set leaves the old one as it is",
        arguments: ["", "[]", "{}", #"{"keys":[]}"#, #"{"keys":[{"kty":"oct","k":"AQ"}]}"#, "\u{0}"]
    )
    @LoopActor func keepsOld(document: String) async throws {
        let bench = KeyringBench()
        bench.answers = [.success(Self.set), .success(Array(document.utf8))]
        let keyring = bench.keyring()
        keyring.use(Self.url)
        try await eventually("the first set") { keyring.keys.count == 2 }
        try await eventually("the file") { bench.folder.names(in: "").contains(KeySetFile.name) }

        _ = await keyring.renewed { false }

        #expect(bench.logged.count == 1)
        #expect(keyring.keys.count == 2)
    }

    @Test @LoopActor func `without a URL nothing is asked`() async {
        let bench = KeyringBench()
        let keyring = bench.keyring()
        keyring.use(nil)

        #expect(await keyring.renewed { false } == false)
        #expect(bench.calls == 0)
    }
}

private struct NoNetwork: Error {}

/// What keyrings need, played. They hold each other: a fetch may end after its test.
@LoopActor
private final class KeyringBench {
    let folder = TemporaryFolder()
    var answers: [Result<[UInt8], any Error>] = []
    var gate: Gate?
    var time = Timestamp.now()
    private(set) var calls = 0
    private(set) var changes = 0
    private(set) var logged: [String] = []
    private var keyrings: [TokenKeyring] = []

    func keyring() -> TokenKeyring {
        let keyring = TokenKeyring(
            file: KeySetFile(state: folder.path),
            fetch: { [self] _ in
                calls += 1
                await gate?.wait()
                return try answers.isEmpty ? { throw NoNetwork() }() : answers.removeFirst().get()
            },
            log: { [self] in logged.append($0) },
            now: { [self] in time }
        )
        keyring.onChange = { [self] _ in changes += 1 }
        keyrings.append(keyring)
        return keyring
    }

    func failed(_ count: Int) async throws {
        try await eventually("\(count) failures") { logged.count >= count }
    }
}
