import HFInference
import JSON
import Providers
import Sandbox
import Testing

@testable import Generate

/// A network that is not there.
private struct NoTransport: ProviderTransport {
    func send(_ call: ProviderCall) async throws(TransportError) -> ProviderReply {
        throw .network("no network in this test")
    }
}

struct GenerateProvidersTests {
    private let attempt = ProviderAttempt(pause: { (_) throws(CancellationError) in })

    private func providers(_ environment: [String: String]) -> GenerateProviders {
        GenerateProviders(environment: environment, transport: NoTransport()) { Sandbox.picture(of: $0) }
    }

    private func admit(_ providers: GenerateProviders, _ json: JSONObject) throws -> GenerateInput {
        try providers.admission.admit(json).input
    }

    @Test(
        "Without a key it is the sandbox",
        arguments: [
            ([:], "sandbox"), (["HUGGINGFACE_API_KEY": ""], "sandbox"),
            (["HUGGINGFACE_API_KEY": "hf_x"], "huggingface"),
        ]
            as [([String: String], String)]
    )
    func choosesProvider(environment: [String: String], name: String) throws {
        #expect(try admit(providers(environment), ["prompt": "x"]).provider.rawValue == name)
    }

    @Test func `Hugging Face without a key says what to do`() {
        let error = #expect(throws: AdmissionError.self) {
            try admit(providers([:]), ["prompt": "x", "provider": "huggingface"])
        }

        #expect(error?.description.contains("set HUGGINGFACE_API_KEY") == true)
    }

    @Test func `a setting that cannot be used stops its own provider only`() throws {
        let providers = providers(["HUGGINGFACE_FORM": "old", "EDGE_SANDBOX_LOAD": "20"])

        let error = #expect(throws: AdmissionError.self) {
            try admit(providers, ["prompt": "x", "provider": "huggingface"])
        }

        #expect(
            error?.description
                == "provider huggingface cannot be used now: HUGGINGFACE_FORM is \"old\"; use router or models"
        )
        #expect(try admit(providers, ["prompt": "x"]).provider == .sandbox)
    }

    @Test func `a sandbox setting out of range is named`() {
        let error = #expect(throws: AdmissionError.self) {
            try admit(providers(["EDGE_SANDBOX_FAIL": "x"]), ["prompt": "y"])
        }

        #expect(error?.description.contains("EDGE_SANDBOX_FAIL is \"x\"; use a whole number from 0 to 1000000") == true)
    }

    @Test func `sandbox pictures cost nothing, and nobody knows what others cost`() throws {
        let providers = providers(["HUGGINGFACE_API_KEY": "hf_x"])

        #expect(providers.price(of: try admit(providers, ["prompt": "x", "provider": "sandbox"])) == 0)
        #expect(providers.price(of: try admit(providers, ["prompt": "x"])) == nil)
    }

    @Test func `an admitted request becomes the picture asked for`() async throws {
        let providers = providers([:])
        let input = try admit(providers, ["prompt": "a kite", "width": 64, "height": 72])

        let reply = RunReply(await providers.run(input, attempt: attempt), state: RunReply.State())

        guard case .image(let image) = reply else { return #expect(Bool(false), "no image") }
        #expect(image.info.width == 64)
        #expect(image.info.height == 72)
        #expect(image.facts["provider"] == "sandbox")
    }

    @Test func `a job whose provider has lost its settings ends and says so`() async throws {
        let input = GenerateInput(provider: .huggingface, request: ImageRequest(prompt: "x"))

        let reply = RunReply(
            await providers(["HUGGINGFACE_FORM": "old"]).run(input, attempt: attempt),
            state: RunReply.State()
        )

        guard case .refusal(424, nil, let problem) = reply else { return #expect(Bool(false), "not final") }
        #expect(problem["detail"]?.string?.contains("HUGGINGFACE_FORM") == true)
    }

    @Test func `a network that fails is another attempt`() async throws {
        let providers = providers(["HUGGINGFACE_API_KEY": "hf_x"])
        let input = try admit(providers, ["prompt": "x"])

        let reply = RunReply(await providers.run(input, attempt: attempt), state: RunReply.State())

        guard case .refusal(502, nil, _) = reply else { return #expect(Bool(false), "not an attempt") }
    }
}
