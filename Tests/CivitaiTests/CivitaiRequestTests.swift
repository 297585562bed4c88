import JSON
import Providers
import Testing

@testable import Civitai

struct CivitaiRequestTests {
    private let id = ExternalID(attemptID: "7d2c9a10-6a41-4a8f-9c55-2f0f4f3c1b7e")

    private func body(_ request: ImageRequest, image: String? = nil, isTrial: Bool = false) throws -> JSONValue {
        let model = try request.model.map { try CivitaiAIR(model: $0) } ?? .usual
        let body = CivitaiWorkflowBody(request: request, model: model, image: image)
        return .object(body.json(id, isTrial: isTrial))
    }

    @Test func `a prompt alone becomes a whole workflow`() throws {
        #expect(
            try body(ImageRequest(prompt: "a kite")) == [
                "externalId": "7d2c9a10-6a41-4a8f-9c55-2f0f4f3c1b7e", "currencies": ["blue", "green", "yellow"],
                "tags": ["edge", "7d2c9a10-6a41-4a8f-9c55-2f0f4f3c1b7e"],
                "steps": [
                    [
                        "$type": "textToImage", "name": "image",
                        "input": [
                            "model": "urn:air:sd1:checkpoint:civitai:4384@128713", "prompt": "a kite", "width": 512,
                            "height": 512, "cfgScale": 7.5, "seed": .integer(Int64(id.seed)), "quantity": 1,
                            "batchSize": 1, "outputFormat": "png",
                        ],
                    ]
                ],
            ]
        )
    }

    @Test func `everything that can be asked for has its place`() throws {
        var request = ImageRequest(
            prompt: "a kite",
            negativePrompt: "rain",
            model: "urn:air:sdxl:checkpoint:civitai:101055@128078",
            width: 832,
            height: 1216,
            steps: 28,
            guidanceScale: 3.5,
            seed: .max,
            scheduler: "Euler a"
        )
        request.strength = 0.6
        request.loras = [Lora(model: "urn:air:sdxl:lora:civitai:82098@87153", weight: -0.5)]
        request.checksSafety = true

        let body = try body(request, image: "data:image/png;base64,QQ==")

        #expect(body["allowMatureContent"] == false)
        #expect(
            body["steps"]?.array?.first?["input"] == [
                "model": "urn:air:sdxl:checkpoint:civitai:101055@128078", "prompt": "a kite",
                "negativePrompt": "rain", "width": 832, "height": 1216, "steps": 28, "cfgScale": 3.5,
                "seed": 4_294_967_295, "scheduler": "eulerA", "quantity": 1, "batchSize": 1, "outputFormat": "png",
                "additionalNetworks": ["urn:air:sdxl:lora:civitai:82098@87153": ["strength": -0.5]],
                "sourceImage": "data:image/png;base64,QQ==", "sourceImageDenoiseStrenght": 0.6,
            ]
        )
        request.checksSafety = false
        #expect(try self.body(request)["allowMatureContent"] == true)
    }

    @Test func `a trial takes neither id nor tag of ours`() throws {
        let trial = try body(ImageRequest(prompt: "a kite"), isTrial: true)

        #expect(trial["externalId"] == nil && trial["tags"] == ["edge"])
    }

    @Test(
        "Size and guidance where none is asked for",
        arguments: [("sd1", 512, 7.5), ("sd15", 512, 7.5), ("sdxl", 1024, 7.5), ("flux1", 1024, 3.5)]
    )
    func usual(ecosystem: String, side: Int64, guidance: Double) throws {
        let body = try body(ImageRequest(prompt: "x", model: "urn:air:\(ecosystem):checkpoint:civitai:1@2"))
        let input = body["steps"]?.array?.first?["input"]

        #expect(input?["width"] == .integer(side) && input?["height"] == .integer(side))
        #expect(input?["cfgScale"] == .double(guidance))
    }

    @Test(
        "An AIR is taken, and anything else is refused by name, with what an AIR is",
        arguments: [
            ("urn:air:sd1:checkpoint:civitai:4384@128713", nil),
            ("urn:air:sdxl:checkpoint:civitai:1@2+3.safetensor", nil),
            ("urn:air:flux1:diffusionmodel:huggingface:black-forest-labs/FLUX.1-dev@main", nil),
            ("urn:air:sd1:checkpoint:civitai:4384", nil),
            ("civitai:4384@128713", "\"civitai:4384@128713\" is no model"),
            ("sdxl", "such as urn:air:sd1:checkpoint:civitai:4384@128713"), ("org/name", "\"org/name\""),
            ("urn:air:sd1:lora:civitai:1@2", "is no model but a lora"),
            ("urn:air:wan:checkpoint:civitai:1@2", "sd1, sd15, sdxl, flux1"),
            ("urn:air:sd1:checkpoint:civitai:", "is no model"), ("urn:air::checkpoint:civitai:1@2", "is no model"),
            ("urn:air:sd1:checkpoint:civitai:1@2 x", "is no model"),
            ("urn:air:sd1:checkpoint:civitai:1@2\n", "is no model"),
            ("urn:air:sd1:checkpoint:civitai:1@", "is no model"), ("", "is no model"),
        ] as [(String, String?)]
    )
    func models(text: String, part: String?) throws {
        do {
            #expect(try CivitaiAIR(model: text).text == text)
            #expect(part == nil)
        } catch {
            #expect(error.description.contains(part ?? "nothing"), "\(error)")
        }
    }

    @Test(
        "Schedulers by their many names",
        arguments: [
            ("eulerA", "eulerA"), ("Euler a", "eulerA"), ("euler_a", "eulerA"),
            ("EulerAncestralDiscreteScheduler", "eulerA"),
            ("Euler", "euler"), ("EulerDiscreteScheduler", "euler"), ("DPM++ 2M Karras", "dpM2MKarras"),
            ("dpmpp_2m_karras", "dpM2MKarras"), ("DPM2MKarras", "dpM2MKarras"), ("DPM++ SDE", "dpmsde"),
            ("DDIM", "ddim"),
            ("DDIMScheduler", "ddim"), ("UniPCMultistepScheduler", "uniPC"), ("DPMSolverMultistepScheduler", "dpM2M"),
            ("PNDMScheduler", "plms"), ("LCM", "lcm"), ("FlowMatch", nil), ("undefined", nil), ("", nil),
        ] as [(String, String?)]
    )
    func schedulers(text: String, name: String?) {
        #expect(CivitaiScheduler.named(text) == name)
        if let name { #expect(CivitaiScheduler.names.contains(name)) }
    }

    @Test(
        "Mistakes that need nobody's answer",
        arguments: [
            ("width 63", "64 to 4084"), ("height 4085", "64 to 4084"), ("steps 151", "1 to 150"),
            ("guidance 0.5", "1 to 30"), ("scheduler", "one of eulerA, euler"), ("strength", "give image as well"),
            ("lora", "is no LoRA of Civitai: write an AIR"), ("checkpoint as lora", "name a lora"),
            ("mask", "cannot take mask"),
            ("video", "images alone"), ("long", "10000 characters"), ("twice", "each LoRA once"),
        ]
    )
    func mistakes(what: String, advice: String) throws {
        var request = ImageRequest(prompt: "x")
        switch what {
        case "width 63": request.width = 63
        case "height 4085": request.height = 4085
        case "steps 151": request.steps = 151
        case "guidance 0.5": request.guidanceScale = 0.5
        case "scheduler": request.scheduler = "FlowMatch"
        case "strength": request.strength = 0.5
        case "lora": request.loras = [Lora(model: "org/lora")]
        case "checkpoint as lora": request.loras = [Lora(model: CivitaiAIR.usual.text)]
        case "mask": request.mask = ImageInput(sha256: "0")
        case "video": request.kind = .video
        case "twice":
            request.loras = [Lora(model: "urn:air:sd1:lora:civitai:1@2"), Lora(model: "urn:air:sd1:lora:civitai:1@2")]
        default: request.prompt = String(repeating: "x", count: 10_001)
        }

        #expect(try #require(CivitaiMistake.text(in: request)).contains(advice))
    }

    @Test func `an attempt's id is the workflow's own, or a digest that fits`() {
        let plain = "019a8e5c-4f2b-7c31-9f0e-2b1c5d8a7e64"

        #expect(ExternalID(attemptID: plain).text == plain)
        #expect(ExternalID(attemptID: "with a space").text == ExternalID(attemptID: "with a space").text)
        #expect(ExternalID(attemptID: String(repeating: "x", count: 129)).text.utf8.count == 64)
        #expect(ExternalID(attemptID: "").text != ExternalID(attemptID: "").text)
        #expect(ExternalID("with a space") == nil && ExternalID("") == nil && ExternalID(plain)?.text == plain)
    }

    @Test(
        arguments: [
            ("wf_1", "wf_1"), ("a/b?c", "a%2Fb%3Fc"), ("x@y:1", "x%40y%3A1"), ("..", nil), ("", nil), ("a b", nil),
        ] as [(String, String?)]
    )
    func `an id of Civitai's leads to no other path`(text: String, path: String?) {
        #expect(WorkflowID(text)?.inPath == path)
    }

    @Test func `a state that somebody has changed is none, or is asked about`() throws {
        #expect(CivitaiTask([:]) == nil)
        #expect(CivitaiTask(["externalId": "a b", "phase": "working", "since": 1]) == nil)
        #expect(CivitaiTask(["externalId": "a", "phase": "working", "since": 1])?.phase == .lost)
        let whole: JSONValue = [
            "externalId": "a", "phase": "made", "since": 1, "workflow": "w", "asks": 3, "fetches": 1,
        ]
        #expect(CivitaiTask(whole)?.json == whole)
    }
}
