import JSON
import Providers
import Testing

@testable import HFInference

struct HFRequestsTests {
    private let full = ImageRequest(
        prompt: "a \"red\" kite",
        negativePrompt: "blurry",
        width: 768,
        height: 512,
        steps: 25,
        guidanceScale: 7.5,
        seed: 4_294_967_295,
        scheduler: "EulerDiscreteScheduler"
    )
    private let model = HFModelID.usual

    private func requests() throws -> HFRequests {
        HFRequests(
            settings: try HFSettings(baseURL: "http://base/x", hubURL: "http://hub", token: try HFToken("hf_abc"))
        )
    }

    private func call(_ request: ImageRequest, _ provider: HFRoutedProvider?) throws -> ProviderCall {
        let route = HFRoute(request, model: model, provider: provider, providerID: "their/id")
        return try requests().make(route, image: nil, timeout: .seconds(60))
    }

    @Test func `hf-inference gets inputs and every parameter under its own name`() throws {
        let call = try call(full, .hfInference)

        #expect(call.method == "POST")
        #expect(call.url == "http://base/x/hf-inference/models/black-forest-labs/FLUX.1-schnell")
        #expect(
            call.headers == [
                ProviderHeader("Content-Type", "application/json"), ProviderHeader("Accept", "image/png"),
                ProviderHeader("Authorization", "Bearer hf_abc"),
            ]
        )
        #expect(
            try JSONValue.parse(call.body) == [
                "inputs": "a \"red\" kite",
                "parameters": [
                    "negative_prompt": "blurry", "width": 768, "height": 512, "num_inference_steps": 25,
                    "guidance_scale": 7.5, "scheduler": "EulerDiscreteScheduler", "seed": 4_294_967_295,
                ],
            ]
        )
    }

    @Test func `parameters that are not given are left out`() throws {
        let call = try call(ImageRequest(prompt: "x"), .hfInference)

        #expect(String(decoding: call.body, as: UTF8.self) == #"{"inputs":"x","parameters":{}}"#)
    }

    @Test func `the models form has its own path and the same body`() throws {
        let call = try call(full, nil)

        #expect(call.url == "http://base/x/models/black-forest-labs/FLUX.1-schnell")
        #expect(call.body == (try self.call(full, .hfInference)).body)
    }

    @Test func `nscale gets a size and its own name of the model`() throws {
        let call = try call(ImageRequest(prompt: "x", width: 768, height: 512), .nscale)

        #expect(call.url == "http://base/x/nscale/v1/images/generations")
        #expect(
            String(decoding: call.body, as: UTF8.self)
                == #"{"model":"their/id","prompt":"x","size":"768x512","response_format":"b64_json"}"#
        )
    }

    @Test func `together gets steps and asks for base64`() throws {
        let call = try call(ImageRequest(prompt: "x", width: 768, height: 512, steps: 4, seed: 7), .together)

        #expect(call.url == "http://base/x/together/v1/images/generations")
        #expect(
            String(decoding: call.body, as: UTF8.self)
                == #"{"model":"their/id","prompt":"x","width":768,"height":512,"steps":4,"seed":7,"response_format":"base64"}"#
        )
    }

    @Test(
        "Every routed provider gets its own path and body",
        arguments: [
            (
                HFRoutedProvider.falAI, "their/id", ImageRequest.Kind.image, "/fal-ai/their/id?_subdomain=queue",
                #"{"num_inference_steps":4,"seed":7,"prompt":"x","image_size":{"width":768,"height":512}}"#
            ),
            (
                .replicate, "their/id", .image, "/replicate/v1/models/their/id/predictions",
                #"{"input":{"width":768,"height":512,"num_inference_steps":4,"seed":7,"prompt":"x"}}"#
            ),
            (
                .replicate, "their/id:abc12", .image, "/replicate/v1/predictions",
                #"{"input":{"width":768,"height":512,"num_inference_steps":4,"seed":7,"prompt":"x"},"version":"abc12"}"#
            ),
            (
                .wavespeed, "their/id", .image, "/wavespeed/api/v3/their/id",
                #"{"width":768,"height":512,"num_inference_steps":4,"seed":7,"prompt":"x"}"#
            ),
            (
                .zaiOrg, "their/id", .image, "/zai-org/api/paas/v4/async/images/generations",
                #"{"model":"their/id","prompt":"x","size":"768x512"}"#
            ),
            (
                .together, "their/id", .video, "/together/v2/videos",
                #"{"model":"their/id","prompt":"x","width":768,"height":512,"steps":4,"seed":7}"#
            ),
            (
                .novita, "their/id", .video, "/novita/v3/hf/their/id",
                #"{"width":768,"height":512,"num_inference_steps":4,"seed":7,"prompt":"x"}"#
            ),
        ]
    )
    func routed(provider: HFRoutedProvider, id: String, kind: ImageRequest.Kind, target: String, body: String) throws {
        var request = ImageRequest(prompt: "x", width: 768, height: 512, steps: 4, seed: 7)
        request.kind = kind
        let route = HFRoute(request, model: model, provider: provider, providerID: id)

        let call = try requests().make(route, image: nil, timeout: .seconds(60))

        #expect(call.url == "http://base/x" + target)
        #expect(String(decoding: call.body, as: UTF8.self) == body)
        #expect(!call.headers.contains { $0.name == "Prefer" }, "a held call has no id to go on with, or to cancel")
        #expect(call.headers.contains { $0.name == "x-source-channel" } == (provider == .zaiOrg))
    }

    @Test(
        "A picture goes into the provider's own field",
        arguments: [
            (
                HFRoutedProvider.hfInference,
                #"{"inputs":"AQID","parameters":{"prompt":"x","strength":0.5,"target_size":{"width":64,"height":32}}}"#
            ),
            (.falAI, #"{"prompt":"x","image_size":{"width":64,"height":32},"image_url":"data:image/png;base64,AQID"}"#),
            (
                .replicate,
                #"{"input":{"width":64,"height":32,"prompt":"x","input_image":"data:image/png;base64,AQID"}}"#
            ),
            (
                .together,
                #"{"model":"their/id","prompt":"x","frame_images":[{"input_image":"data:image/png;base64,AQID","frame":"first"}]}"#
            ),
        ]
    )
    func picture(provider: HFRoutedProvider, body: String) throws {
        var request = ImageRequest(prompt: "x", width: 64, height: 32)
        request.image = ImageInput(sha256: "00")
        if provider == .hfInference { request.strength = 0.5 }
        if provider == .together {  // which makes no picture of a picture, but a video
            (request.kind, request.width, request.height) = (.video, nil, nil)
        }
        let picture = HFPicture(base64: "AQID", mediaType: "image/png")

        let call = try requests().make(
            try HFRoute(request, model: model, provider: provider, providerID: "their/id").checked(),
            image: picture,
            timeout: .seconds(60)
        )

        #expect(String(decoding: call.body, as: UTF8.self) == body)
    }

    @Test func `together takes a small picture only, and another provider may take a larger one`() throws {
        var request = ImageRequest(prompt: "x")
        (request.kind, request.image) = (.video, ImageInput(sha256: "00"))
        let route = HFRoute(request, model: model, provider: .together, providerID: "their/id")
        let picture = HFPicture(base64: String(repeating: "A", count: 60_000), mediaType: "image/png")

        let error = #expect(throws: ProviderError.self) {
            try requests().make(route, image: picture, timeout: .seconds(60))
        }

        #expect(error?.kind == .refused)
        #expect(error?.isUnfit == true)
    }

    @Test("Who pays is told to the router, and to nobody else", arguments: [HFRoutedProvider.hfInference, .falAI, nil])
    func billTo(provider: HFRoutedProvider?) throws {
        let settings = try HFSettings(token: try HFToken("hf_abc"), billTo: "our-org")
        let requests = HFRequests(settings: settings)
        let route = HFRoute(ImageRequest(prompt: "x"), model: model, provider: provider, providerID: "their/id")

        let call = try requests.make(route, image: nil, timeout: .seconds(60))
        let others = [
            requests.mapping(of: model), requests.result("https://x/y.png", isVideo: false, timeout: .seconds(9)),
        ]

        #expect(call.headers.contains(ProviderHeader("X-HF-Bill-To", "our-org")) == (provider != nil))
        #expect(!others.contains { $0.headers.contains { $0.name == "X-HF-Bill-To" } })
    }

    @Test(
        "A provider's name of a model that leads elsewhere is refused",
        arguments: ["../x", "a//b", "a?b", "a b", "", "a/./b"]
    )
    func refusesName(id: String) throws {
        #expect(throws: ProviderError.self) {
            try requests().make(
                HFRoute(ImageRequest(prompt: "x"), model: model, provider: .falAI, providerID: id),
                image: nil,
                timeout: .seconds(60)
            )
        }
    }

    @Test func `a lenient request loses what has no place, and says so`() throws {
        var request = full
        request.isLenient = true

        let route = try HFRoute(request, model: model, provider: .nscale).checked()

        #expect(route.dropped == ["negative_prompt", "steps", "guidance_scale", "seed", "scheduler"])
        #expect(route.request.given == [.width, .height])
        request.height = nil
        #expect(try HFRoute(request, model: model, provider: .nscale).checked().request.given.isEmpty)
    }

    @Test func `a picture is not left out of its own task`() {
        var request = ImageRequest(prompt: "x")
        request.image = ImageInput(sha256: "00")
        request.isLenient = true

        #expect(throws: ProviderError.self) { try HFRoute(request, model: model, provider: .together).checked() }
    }

    @Test func `a mapping is asked of the Hub, with a token that is Hugging Face's`() throws {
        let call = try requests().mapping(of: model)

        #expect(call.method == "GET")
        #expect(
            call.url
                == "http://hub/api/models/black-forest-labs/FLUX.1-schnell?expand[]=inferenceProviderMapping"
        )
        #expect(call.headers.contains(ProviderHeader("Authorization", "Bearer hf_abc")))
    }

    @Test func `a key of another provider does not go to the Hub`() throws {
        let requests = HFRequests(settings: try HFSettings(token: try HFToken("sk-abc")))

        #expect(!requests.mapping(of: model).headers.contains { $0.name == "Authorization" })
    }

    @Test(
        "What a provider has no place for is named",
        arguments: [
            (HFRoutedProvider.hfInference, []), (.replicate, []),
            (.nscale, ["negative_prompt", "steps", "guidance_scale", "seed", "scheduler"]),
            (.zaiOrg, ["negative_prompt", "steps", "guidance_scale", "seed", "scheduler"]),
            (.together, ["negative_prompt", "guidance_scale", "scheduler"]),
            (.falAI, ["negative_prompt", "scheduler"]), (.wavespeed, ["scheduler"]),
        ]
    )
    func namesUnsupported(provider: HFRoutedProvider, names: [String]) {
        #expect(provider.lacks(of: full).map(\.parameter.rawValue) == names)
    }
}

struct Base64Tests {
    @Test(
        "Sound texts are decoded",
        arguments: [
            ("", []), ("AA==", [0]), ("AAE=", [0, 1]), ("AAEC", [0, 1, 2]), ("+/+/AQ==", [251, 255, 191, 1]),
        ]
            as [(String, [UInt8])]
    )
    func decodes(text: String, bytes: [UInt8]) { #expect(Base64.decode(text) == bytes) }

    @Test(
        "Others are refused",
        arguments: [
            "A", "AA", "AAE", "AA=A", "A===", "====", "AAEC\n", "AA E", "AB==", "AAF=", "-_-_", "AA==AA==", "ÄA==",
        ]
    )
    func refuses(text: String) { #expect(Base64.decode(text) == nil) }

    @Test func `an image comes out as it went in`() { #expect(Base64.decode(Samples.jpegBase64) == Samples.jpeg) }
}
