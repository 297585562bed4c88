import EdgeFunction
import HFInference
import JSON
import Providers
import Sandbox
import Testing

@testable import Generate

struct GenerateProvidersTests {
    private let attempt = ProviderAttempt(pause: { (_) throws(CancellationError) in })

    private func providers(
        _ environment: [String: String],
        _ settings: GenerateSettings = GenerateSettings()
    ) throws -> GenerateProviders {
        try GenerateProviders(
            environment: environment,
            settings: settings,
            tools: ProviderTools(transport: NoTransport()) { Sandbox.picture(of: $0) }
        )
    }

    @Test func `with several keys all of them are candidates`() throws {
        let providers = try providers(["HUGGINGFACE_API_KEY": "hf_x", "RUNWARE_API_KEY": "r"])

        let lanes = providers.admission.ticket(try providers.admission.admit(["prompt": "x"])) { 7 }.lanes

        #expect(lanes.map(\.name) == ["runware", "huggingface"])
        #expect(lanes.map(\.model) == ["runware:100@1", HFModelID.usual.text])
        #expect(lanes.map(\.takesAttemptIDs) == [true, false])
    }

    private func admit(_ providers: GenerateProviders, _ json: JSONObject) throws -> GenerateInput {
        try providers.admission.admit(json).input
    }

    private func run(_ providers: GenerateProviders, _ input: GenerateInput) async throws -> RunReply {
        let candidate = try #require(input.candidate(nil))
        let request = candidate.request(input.request)
        return RunReply(await providers.run(request, at: candidate.provider, attempt: attempt))
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
        #expect(try admit(providers(environment), ["prompt": "x"]).candidates.map(\.provider) == [name])
    }

    @Test(
        "A provider without a key says what to do",
        arguments: KnownProviders.all.compactMap { entry in entry.secret.map { (entry.name, $0) } }
    )
    func noKey(name: String, secret: String) {
        let error = #expect(throws: AdmissionError.self) {
            try admit(providers([:]), ["prompt": "x", "provider": .string(name)])
        }

        #expect(error?.status == 424)
        #expect(error?.description.contains("set \(secret)") == true)
    }

    @Test func `a setting that cannot be used stops its own provider only`() throws {
        let providers = try providers(["HUGGINGFACE_FORM": "old", "EDGE_SANDBOX_LOAD": "20"])

        let error = #expect(throws: AdmissionError.self) {
            try admit(providers, ["prompt": "x", "provider": "huggingface"])
        }

        #expect(
            error?.description
                == "provider huggingface cannot be used now: HUGGINGFACE_FORM is \"old\"; use router or models"
        )
        #expect(try admit(providers, ["prompt": "x"]).candidates.map(\.provider) == ["sandbox"])
    }

    @Test("An address that is none stops the function", arguments: KnownProviders.all.flatMap(\.addresses))
    func badAddress(name: String) throws {
        let error = #expect(throws: (any Error).self) { try providers([name: "localhost"]) }

        #expect(error.map { "\($0)".hasPrefix("\(name) must begin with https:// or http://") } == true)
    }

    @Test func `a sandbox setting out of range is named`() {
        let error = #expect(throws: AdmissionError.self) {
            try admit(providers(["EDGE_SANDBOX_FAIL": "x"]), ["prompt": "y"])
        }

        #expect(error?.description.contains("EDGE_SANDBOX_FAIL is \"x\"; use a whole number from 0 to 1000000") == true)
    }

    @Test func `sandbox pictures cost nothing, and nobody knows what others cost`() throws {
        let providers = try providers(["HUGGINGFACE_API_KEY": "hf_x"])

        #expect(try admit(providers, ["prompt": "x", "provider": "sandbox"]).candidates.map(\.price) == [0])
        #expect(try admit(providers, ["prompt": "x"]).candidates.map(\.price) == [nil])
    }

    @Test func `an account is the provider and a hash of its key, never the key`() throws {
        let accounts = try providers(["HUGGINGFACE_API_KEY": "hf_x"]).admission.routing.standings.map(\.account)

        #expect(accounts.contains("huggingface#f5618cd8"))
        #expect(accounts.contains("sandbox"))
    }

    @Test func `an admitted request becomes the picture asked for`() async throws {
        let providers = try providers([:])
        let input = try admit(providers, ["prompt": "a kite", "width": 64, "height": 72])

        guard case .image(let image) = try await run(providers, input) else {
            return #expect(Bool(false), "no image")
        }
        #expect(image.info.width == 64)
        #expect(image.info.height == 72)
        #expect(image.facts["provider"] == "sandbox")
    }

    @Test("A job whose provider has lost its settings hands over and says so", arguments: ["huggingface", "gone"])
    func lostSettings(name: String) async throws {
        let input = GenerateInput(request: ImageRequest(prompt: "x"), candidates: [Candidate(provider: name)])

        let reply = try await run(try providers(["HUGGINGFACE_FORM": "old"]), input)

        guard case .refusal(424, nil, let problem) = reply else { return #expect(Bool(false), "not final") }
        #expect(problem["code"] == "provider_settings")
        #expect(problem["detail"]?.string?.hasPrefix("\(name): ") == true)
    }

    @Test func `a network that fails is another attempt`() async throws {
        let providers = try providers(["HUGGINGFACE_API_KEY": "hf_x"])

        let reply = try await run(providers, try admit(providers, ["prompt": "x"]))

        guard case .refusal(502, nil, _) = reply else { return #expect(Bool(false), "not an attempt") }
    }

    @Test func `a check says what is known, or what is wrong`() async throws {
        let providers = try providers([:])

        #expect(try await providers.check("sandbox") == "the sandbox needs no key and costs nothing")
        for name in ["huggingface", "gone"] {
            let error = await #expect(throws: ProviderError.self) { try await providers.check(name) }
            #expect(error?.provider == name)
        }
    }

    @Test func `the description shows readiness, models and the price of the usual one`() throws {
        var settings = GenerateSettings()
        settings.models = ["quick": ["huggingface": "org/quick"], "other": [:]]
        settings.prices.rows = [PriceSheet.Row(provider: "huggingface", model: HFModelID.usual.text, microdollars: 7)]
        settings.quotas = ["huggingface": Quota(hour: 30)]

        let shown = try providers(["HUGGINGFACE_API_KEY": "hf_x"], settings).description["providers"]

        #expect(
            shown?["huggingface"] == [
                "ready": true, "models": ["quick": "org/quick"], "model": .string(HFModelID.usual.text), "price": 7,
                "account": "huggingface#f5618cd8", "quota": ["hour": 30],
            ]
        )
        #expect(shown?["sandbox"] == ["ready": true, "models": [:], "model": nil, "price": 0, "account": "sandbox"])
        #expect(
            try providers([:]).description["providers"]?["huggingface"]?["advice"]?.string?.contains("set ") == true
        )
    }
}
