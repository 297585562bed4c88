import CivilTime
import JSON
import Providers
import Synchronization
import Testing

@testable import HFInference

struct HFInferenceTests {
    private let request = ImageRequest(prompt: "a lighthouse")

    private func provider(
        _ transport: ScriptedTransport,
        token: String? = "hf_abcdefgh",
        form: HFSettings.Form = .router,
        route: HFSettings.Route = .auto,
        now: @escaping @Sendable () -> Timestamp = { Timestamp(milliseconds: 0) }
    ) throws -> HFInference {
        let settings = try HFSettings(
            baseURL: "http://base",
            hubURL: "http://hub",
            form: form,
            route: route,
            token: try token.map { text throws in try HFToken(text) }
        )
        return HFInference(settings: settings, transport: transport, now: now)
    }

    private func refusal(
        _ provider: HFInference,
        _ request: ImageRequest? = nil
    ) async throws -> ProviderError {
        try #require(
            await #expect(throws: ProviderError.self) {
                try await provider.answer(request ?? self.request, attempt: Samples.attempt)
            }
        )
    }

    @Test func `the mapping is asked once, then the first provider that we speak`() async throws {
        let transport = ScriptedTransport([
            .success(.mapping("nebius", "hf-inference")), .success(.image), .success(.image),
        ])
        let provider = try provider(transport)

        let answer = try await provider.answer(request, attempt: Samples.attempt)
        _ = try await provider.answer(request, attempt: Samples.attempt)

        guard case .image(let image) = answer else { return #expect(Bool(false), "no image") }
        #expect(image.bytes == Samples.jpeg)
        #expect(
            transport.calls.map(\.url) == [
                "http://hub/api/models/black-forest-labs/FLUX.1-schnell?expand[]=inferenceProviderMapping",
                "http://base/hf-inference/models/black-forest-labs/FLUX.1-schnell",
                "http://base/hf-inference/models/black-forest-labs/FLUX.1-schnell",
            ]
        )
    }

    @Test(
        "An address in JSON is followed without the token, whoever answers with it",
        arguments: [
            ["output": ["https://cdn.example/y.png"]], ["data": [["url": "https://cdn.example/y.png"]]],
            ["images": [["url": "https://cdn.example/y.png"]]],
        ] as [JSONValue]
    )
    func followsAddresses(body: JSONValue) async throws {
        let transport = ScriptedTransport([.success(.json(body)), .success(.image)])

        let answer = try await provider(transport, form: .models).answer(request, attempt: Samples.attempt)

        guard case .image(let image) = answer else { return #expect(Bool(false), "no image") }
        #expect(image.bytes == Samples.jpeg)
        #expect(transport.calls.map(\.url).last == "https://cdn.example/y.png")
        #expect(transport.calls.last?.target == .result)
        #expect(transport.calls.last?.headers.isEmpty == true)
    }

    @Test func `an image behind an address that is gone may have been paid`() async throws {
        let transport = ScriptedTransport([
            .success(.json(["output": ["https://cdn.example/y.png"]])), .success(ProviderReply(status: 404)),
        ])

        let error = try await refusal(try provider(transport, form: .models))

        #expect(error.kind == .badAnswer)
        #expect(error.mayBePaid)
        #expect(transport.calls.count == 2)
    }

    @Test(
        "A check asks the Hub with its own tokens alone",
        arguments: [
            ("hf_abcdefgh", 1, "it belongs to me"), ("sk-abcdefgh", 0, "begins with hf_"), (nil, 0, "no token is set"),
        ]
            as [(String?, Int, String)]
    )
    func checks(token: String?, calls: Int, says: String) async throws {
        let transport = ScriptedTransport([.success(.json(["name": "me"]))])

        let text = try await provider(transport, token: token, form: .models).check()

        #expect(text.contains(says))
        #expect(transport.calls.count == calls)
        #expect(transport.calls.allSatisfy { $0.url == "http://hub/api/whoami-v2" })
    }

    @Test func `a key that cannot be a token of Hugging Face is refused at its own router without a call`() async throws
    {
        let transport = ScriptedTransport([])
        let settings = try HFSettings(token: try HFToken("sk-abcdefgh"))

        let error = await #expect(throws: ProviderError.self) {
            try await HFInference(settings: settings, transport: transport).check()
        }

        #expect(error?.kind == .credentials && error?.message.contains("begins with hf_") == true)
        #expect(transport.calls.isEmpty)
    }

    @Test func `the models form asks for no mapping and needs no token`() async throws {
        let transport = ScriptedTransport([.success(.image)])
        let provider = try provider(transport, token: nil, form: .models)

        _ = try await provider.answer(ImageRequest(prompt: "x", model: "acme/painter"), attempt: Samples.attempt)

        #expect(provider.readiness == .ready)
        #expect(transport.calls.map(\.url) == ["http://base/models/acme/painter"])
        #expect(transport.calls.first?.headers.contains { $0.name == "Authorization" } == false)
    }

    @Test func `a set route to hf-inference asks for no mapping`() async throws {
        let transport = ScriptedTransport([.success(.image)])

        _ = try await provider(transport, route: .provider(.hfInference)).answer(request, attempt: Samples.attempt)

        #expect(transport.calls.count == 1)
    }

    @Test func `without a token nobody is asked`() async throws {
        let transport = ScriptedTransport([])
        let provider = try provider(transport, token: nil)

        let error = try await refusal(provider)

        #expect(provider.readiness != .ready)
        #expect(error.kind == .credentials)
        #expect(transport.calls.isEmpty)
    }

    @Test func `a model name that leads elsewhere is refused before anybody is asked`() async throws {
        let transport = ScriptedTransport([])

        let error = try await refusal(try provider(transport), ImageRequest(prompt: "x", model: "../../api"))

        #expect(error.kind == .refused)
        #expect(transport.calls.isEmpty)
    }

    @Test func `what a routed provider cannot take is refused by name`() async throws {
        let transport = ScriptedTransport([.success(.mapping("nscale"))])

        let error = try await refusal(try provider(transport), ImageRequest(prompt: "x", steps: 4, seed: 7))

        #expect(error.kind == .refused)
        #expect(
            error.message
                == "nscale, which serves black-forest-labs/FLUX.1-schnell, cannot take steps, seed: it takes prompt, width, height; leave out the rest or choose another model"
        )
        #expect(transport.calls.count == 1)
    }

    @Test func `a seed that the caller did not ask for is left out where there is no place for it`() async throws {
        let transport = ScriptedTransport([.success(.mapping("nscale"))])

        let request = ImageRequest(prompt: "x", steps: 4, seed: 7, isSeedDrawn: true)
        let error = try await refusal(try provider(transport), request)

        #expect(error.message.contains("cannot take steps: it takes"), "\(error.message)")
    }

    @Test func `nscale takes width and height together`() async throws {
        let transport = ScriptedTransport([.success(.mapping("nscale"))])

        let error = try await refusal(try provider(transport), ImageRequest(prompt: "x", width: 512))

        #expect(error.message.contains("width and height together"))
    }

    @Test func `a model that nobody we speak serves is not found`() async throws {
        let error = try await refusal(try provider(ScriptedTransport([.success(.mapping("nebius"))])))

        #expect(error.kind == .notFound)
        #expect(
            error.message.contains(
                "is served by nebius, and edge speaks hf-inference, fal-ai, nscale, replicate, together, wavespeed, zai-org"
            )
        )
    }

    @Test(
        "A model that the Hub does not know is not found",
        arguments: [
            ProviderReply(status: 404),
            ProviderReply(status: 401, headers: [ProviderHeader("X-Error-Code", "RepoNotFound")]),
        ]
    )
    func knowsNoModel(reply: ProviderReply) async throws {
        let error = try await refusal(try provider(ScriptedTransport([.success(reply)])))

        #expect(error.kind == .notFound)
        #expect(error.message.contains("the Hub knows no model"))
    }

    @Test func `an older mapping serves when the Hub cannot be asked`() async throws {
        let transport = ScriptedTransport([
            .success(.mapping("hf-inference")), .success(.image), .failure(.timeout), .success(.image),
        ])
        let clock = Clock()
        let provider = try provider(transport) { clock.now }
        _ = try await provider.answer(request, attempt: Samples.attempt)
        clock.move(.seconds(3600))

        _ = try await provider.answer(request, attempt: Samples.attempt)

        #expect(transport.calls.count == 4)
    }

    @Test func `a provider that no longer has the model makes the Hub be asked again`() async throws {
        let transport = ScriptedTransport([
            .success(.mapping("hf-inference")), .success(ProviderReply(status: 404)),
            .success(.mapping("hf-inference")),
            .success(.image),
        ])
        let provider = try provider(transport)

        let error = try await refusal(provider)
        _ = try await provider.answer(request, attempt: Samples.attempt)

        #expect(error.kind == .notFound)
        #expect(transport.calls.count == 4)
    }

    @Test(
        "What goes wrong on the way is told apart",
        arguments: [
            (TransportError.network("connection reset"), ProviderError.Kind.network),
            (.timeout, .network), (.tooLarge, .tooLarge), (.address("the address is refused"), .settings),
            (.canceled, .canceled),
        ]
    )
    func tellsApart(failure: TransportError, kind: ProviderError.Kind) async throws {
        let error = try await refusal(try provider(ScriptedTransport([.failure(failure)]), form: .models))

        #expect(error.kind == kind)
    }

    @Test func `an attempt's time limits the call`() async throws {
        let transport = ScriptedTransport([.success(.image)])
        var attempt = Samples.attempt
        attempt.timeout = .seconds(42)

        _ = try await provider(transport, form: .models).answer(request, attempt: attempt)

        #expect(transport.calls.first?.timeout == .seconds(42))
    }
}

/// Time that only a test moves.
private final class Clock: Sendable {
    private let time = Mutex(Timestamp(milliseconds: 0))

    var now: Timestamp { time.withLock { $0 } }

    func move(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
}
