import JSON
import Providers
import Synchronization
import Testing

@testable import OpenAIImages

struct OpenAIRequestsTests {
    private let local = "http://127.0.0.1:8080/v1"

    private func body(
        _ request: ImageRequest,
        baseURL: String,
        extras: OpenAISettings.Extras = .auto,
        quality: String? = nil
    ) throws -> String {
        let settings = try OpenAISettings(baseURL: baseURL, extras: extras, quality: quality)
        let model = try request.model.map { text throws in try OpenAIModel(text) }
        let call = OpenAIRequests(settings: settings).image(request, model: model, timeout: .seconds(1))
        return String(decoding: call.body, as: UTF8.self)
    }

    private var full: ImageRequest {
        ImageRequest(
            prompt: "x",
            negativePrompt: "y",
            model: "flux",
            width: 512,
            height: 768,
            steps: 4,
            guidanceScale: 3.5,
            seed: 7
        )
    }

    @Test func `another server's model gets the extras and is asked for base64`() throws {
        #expect(
            try body(full, baseURL: local)
                == #"{"model":"flux","prompt":"x","n":1,"size":"512x768","response_format":"b64_json","seed":7,"negative_prompt":"y","num_inference_steps":4,"guidance_scale":3.5}"#
        )
    }

    @Test(
        "Extras go only where they are taken",
        arguments: [
            ("https://api.openai.com/v1", "gpt-image-2", OpenAISettings.Extras.auto, false),
            ("https://api.openai.com/v1", "new-model", .auto, false),
            ("https://api.openai.com/v1", "new-model", .always, true),
            ("http://127.0.0.1:8080/v1", "flux", .auto, true),
            ("http://127.0.0.1:8080/v1", "flux", .never, false),
            ("http://127.0.0.1:8080/v1", "openai/gpt-image-2", .auto, false),
            ("http://127.0.0.1:8080/v1", "gpt-image-2", .always, true),
        ]
    )
    func extras(baseURL: String, model: String, extras: OpenAISettings.Extras, isTaken: Bool) throws {
        var request = full
        request.model = model
        let provider = OpenAIImages(
            settings: try OpenAISettings(baseURL: baseURL, extras: extras),
            transport: NoTransport()
        )

        #expect(try body(request, baseURL: baseURL, extras: extras).contains("\"seed\":7") == isTaken)
        #expect(provider.abilities(of: model).parameters.contains(.seed) == isTaken)
    }

    @Test(
        "GPT image models are never sent response_format",
        arguments: [
            ("https://api.openai.com/v1", "gpt-image-1-mini", false),
            ("https://api.openai.com/v1", "gpt-image-2.5-flare", false),
            ("https://api.openai.com/v1", "chatgpt-image-latest", false),
            ("https://api.openai.com/v1", "new-model", false),
            ("http://127.0.0.1:8080/v1", "gpt-image-1.5", false), ("http://127.0.0.1:8080/v1", "dall-e-3", true),
            ("http://127.0.0.1:8080/v1", "sdxl", true),
        ]
    )
    func responseFormat(baseURL: String, model: String, isSent: Bool) throws {
        let body = try body(ImageRequest(prompt: "x", model: model), baseURL: baseURL, quality: "high")

        #expect(body.contains("response_format") == isSent)
        #expect(body.contains(#""quality":"high""#))
    }

    @Test(
        "Sizes are those of the model",
        arguments: [
            ("gpt-image-1.5", 1536, 1024, true), ("gpt-image-1.5", 512, 512, false), ("gpt-image-2", 512, 512, true),
            ("gpt-image-2", 3840, 2160, true), ("gpt-image-2", 2160, 3840, true), ("gpt-image-2", 1000, 1000, false),
            ("gpt-image-2", 3840, 1024, false), ("gpt-image-2.6-x", 3840, 3840, false), ("dall-e-3", 1792, 1024, true),
            ("dall-e-2", 1792, 1024, false), ("sdxl", 72, 8, true),
        ]
    )
    func sizes(model: String, width: Int, height: Int, fits: Bool) async throws {
        let transport = NoTransport()
        let provider = OpenAIImages(
            settings: try OpenAISettings(key: ProviderKey("sk-x", name: "K")),
            transport: transport
        )
        let request = ImageRequest(prompt: "x", model: model, width: width, height: height)

        let error = await #expect(throws: ProviderError.self) {
            try await provider.answer(request, attempt: OpenAIImagesTests.attempt)
        }

        #expect((error?.kind == .refused) == !fits)
        #expect(transport.calls == (fits ? 1 : 0))
    }

    @Test func `what has no place is refused by name, and nobody is asked`() async throws {
        let transport = NoTransport()
        let provider = OpenAIImages(
            settings: try OpenAISettings(key: ProviderKey("sk-x", name: "K")),
            transport: transport
        )
        var requests = [ImageRequest(prompt: "x", width: 1024), ImageRequest(prompt: "x", seed: 1, scheduler: "Euler")]
        requests.append(ImageRequest(prompt: "x", model: "a b"))
        requests.append(ImageRequest(prompt: "x"))
        requests[3].kind = .video
        var messages: [String] = []
        for request in requests {
            let error = await #expect(throws: ProviderError.self) {
                try await provider.answer(request, attempt: OpenAIImagesTests.attempt)
            }
            messages.append(error?.message ?? "")
        }

        #expect(messages[0].contains("width and height together"))
        #expect(
            messages[1].contains(
                "the model gpt-image-1-mini cannot take seed, scheduler: it takes prompt, width, height, image, mask"
            )
        )
        #expect(messages[2].contains("has no space"))
        #expect(messages[3].contains("makes no videos"))
        #expect(transport.calls == 0)
    }

    @Test func `OpenAI itself needs a key, a server of one's own does not`() async throws {
        let open = OpenAIImages(settings: try OpenAISettings(), transport: NoTransport())
        let own = OpenAIImages(settings: try OpenAISettings(baseURL: local), transport: NoTransport())

        #expect(open.readiness != .ready)
        #expect(own.readiness == .ready)
        let error = await #expect(throws: ProviderError.self) {
            try await open.answer(ImageRequest(prompt: "x"), attempt: OpenAIImagesTests.attempt)
        }
        #expect(error?.kind == .credentials)
    }
}

/// Nobody answers; counts who was asked.
final class NoTransport: ProviderTransport {
    private let count = Mutex(0)
    var calls: Int { count.withLock { $0 } }

    func send(_ call: ProviderCall) async throws(TransportError) -> ProviderReply {
        count.withLock { $0 += 1 }
        throw .network("nobody is there")
    }
}
