import EdgeLoop
import JSON
import Providers
import TestSupport
import Testing
import Upstream

@testable import Runware

struct RunwareCheckTests {
    init() { TestLoop.start() }

    @Test(
        "The balance is told, an object or a number",
        arguments: [
            (["amount": 12.34, "freeBalance": 1, "currency": "USD"], "the key works; balance 12.34 USD"),
            (["amount": 7, "currency": "EUR"], "the key works; balance 7.00 EUR"),
            (12.3, "the key works; balance 12.30 USD"),
            (["amount": 0, "freeBalance": 1], "the key works; balance 0.00 USD"),
            (-0.05, "the key works; balance -0.05 USD, none is left for an image: add credit at https://runware.ai"),
            ("unknown", "the key works"),
        ] as [(JSONValue, String)]
    )
    @LoopActor func balance(value: JSONValue, text: String) async throws {
        let script = try RunwareScript()
        script.balance = value

        #expect(try await Driver(script).provider.check() == text)
        #expect(script.checks == 1)
        #expect(script.sent.isEmpty)
    }

    @Test @LoopActor func `an account that cannot be read is asked for a ping`() async throws {
        let script = try RunwareScript()
        script.balance = nil

        #expect(try await Driver(script).provider.check() == "the key works; its balance cannot be read now")
        #expect(script.checks == 2)
    }

    @Test @LoopActor func `a key that is refused is told as that`() async throws {
        let script = try RunwareScript()
        let provider = Runware(
            settings: try RunwareSettings(
                baseURL: script.upstream.url,
                key: try ProviderKey("another", name: "RUNWARE_API_KEY")
            ),
            transport: UpstreamTransport(Upstream())
        )

        let error = await #expect(throws: ProviderError.self) { try await provider.check() }

        #expect(error?.kind == .credentials)
        #expect(error?.message.contains("set RUNWARE_API_KEY") == true)
    }

    @Test @LoopActor func `a page in place of an answer is told as that`() async throws {
        let server = try ScriptedUpstream(always: RunwareScript.page(404))
        let provider = Runware(
            settings: try RunwareSettings(
                baseURL: server.url,
                key: try ProviderKey("k", name: "RUNWARE_API_KEY")
            ),
            transport: UpstreamTransport(Upstream())
        )

        let error = await #expect(throws: ProviderError.self) { try await provider.check() }

        #expect(error?.kind == .settings)
        #expect(error?.message.contains("check RUNWARE_BASE_URL") == true)
    }
}
