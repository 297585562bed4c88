import EdgeFunction
import JSON
import Providers
import Sandbox
import Synchronization
import Testing

@testable import Generate

struct OwnTokenTests {
    private func providers(
        _ environment: [String: String],
        _ settings: GenerateSettings = GenerateSettings(),
        transport: any ProviderTransport = NoTransport()
    ) throws -> GenerateProviders {
        try GenerateProviders(
            environment: environment,
            settings: settings,
            tools: ProviderTools(transport: transport) { Sandbox.picture(of: $0) }
        )
    }

    private func lanes(
        _ providers: GenerateProviders,
        _ tokens: [String],
        _ fields: JSONObject = ["prompt": "x"]
    ) throws -> [Lane] {
        let admission = providers.admission.with(ownTokens: tokens)
        return admission.ticket(try admission.admit(fields)) { 7 }.lanes
    }

    @Test func `a caller's own token makes a provider usable that has no key, and goes first`() throws {
        let providers = try providers(["RUNWARE_API_KEY": "r"])

        let own = try lanes(providers, ["openai"])

        #expect(own.map(\.name) == ["openai", "runware"])
        #expect(own.map(\.isOwn) == [true, false])
        #expect(try lanes(providers, []).map(\.isOwn) == [false])
        #expect(try lanes(providers, ["sandbox", "nobody"]) == lanes(providers, []))
    }

    @Test func `a provider that the request names stays the one, own token or not`() throws {
        let providers = try providers(["RUNWARE_API_KEY": "r", "OPENAI_API_KEY": "o"])
        let fields: JSONObject = ["prompt": "x", "provider": "runware"]

        #expect(try lanes(providers, ["openai"], fields).map(\.isOwn) == [false])
        #expect(try lanes(providers, ["runware"], fields).map(\.isOwn) == [true])
    }

    @Test func `the key of a result is the same whoever pays`() throws {
        let providers = try providers(["RUNWARE_API_KEY": "r"])
        let own = providers.admission.with(ownTokens: ["runware"])

        #expect(
            try own.admit(["prompt": "x"]).input.key == providers.admission.admit(["prompt": "x"]).input.key
        )
    }

    /// Remembers the fields of what is sent, and answers each call with this status.
    private final class Listening: ProviderTransport {
        let status: Int
        let calls = Mutex<[[ProviderHeader]]>([])

        init(status: Int) { self.status = status }

        func send(_ call: ProviderCall) async throws(TransportError) -> ProviderReply {
            calls.withLock { $0.append(call.headers) }
            return ProviderReply(status: status, headers: [], body: Array(#"{"error":"no"}"#.utf8))
        }
    }

    @Test(
        "A call on a caller's token has that token alone, and its failure names neither the token nor the host's variable",
        arguments: [
            ("runware", "RUNWARE_API_KEY", 401), ("huggingface", "HUGGINGFACE_API_KEY", 401),
            ("openai", "OPENAI_API_KEY", 401), ("runware", "RUNWARE_API_KEY", 402),
            ("huggingface", "HUGGINGFACE_API_KEY", 402), ("civitai", "CIVITAI_API_KEY", 401),
            ("civitai", "CIVITAI_API_KEY", 402), ("civitai", "CIVITAI_API_KEY", 403),
        ]
    )
    func calls(name: String, secret: String, status: Int) async throws {
        let transport = Listening(status: status)
        let environment = [
            secret: "hf_theHostsKey", "HUGGINGFACE_BILL_TO": "the-host", "HUGGINGFACE_FORM": "models",
        ]
        let providers = try providers(environment, transport: transport)
        let attempt = ProviderAttempt(
            id: "00000000-0000-4000-8000-000000000000",
            pause: { (_) throws(CancellationError) in }
        )

        let result = await providers.run(
            ImageRequest(prompt: "x"),
            at: name,
            attempt: attempt,
            token: "hf_theCallersToken"
        )

        guard case .failure(let error) = result else { throw Unexpected() }
        let sent = transport.calls.withLock { $0 }.flatMap { $0 }
        #expect(sent.contains { $0.value == "Bearer hf_theCallersToken" })
        #expect(!sent.contains { $0.value.contains("hf_theHostsKey") || $0.value == "the-host" })
        #expect(error.message.contains("your own token"), "\(error.message)")
        #expect(!error.message.contains(secret) && !error.message.contains("hf_the"))
        if status == 402 { #expect(error.kind == .payment && error.message.contains("https://")) }
    }

    private struct Unexpected: Error {}
}
