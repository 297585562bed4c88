import CivilTime
import JSON
import Providers
import Testing

@testable import Runware

struct RunwareRequestTests {
    private let task = TaskUUID(attemptID: "7d2c9a10-6a41-4a8f-9c55-2f0f4f3c1b7e")

    private func body(
        _ request: ImageRequest,
        _ settings: RunwareSettings? = nil,
        image: String? = nil,
        mask: String? = nil,
        form: RunwareTask.Form = .plain
    ) throws -> JSONValue {
        let body = RunwareTaskBody(
            settings: try settings ?? RunwareSettings(),
            request: request,
            model: try RunwareModel(request.model ?? "runware:100@1"),
            image: image,
            mask: mask
        )
        return .object(body.json(task, form: form))
    }

    @Test func `a prompt alone becomes a whole task, and nothing that was not asked for`() throws {
        #expect(
            try body(ImageRequest(prompt: "a kite")) == [
                "taskType": "imageInference", "taskUUID": "7d2c9a10-6a41-4a8f-9c55-2f0f4f3c1b7e",
                "deliveryMethod": "async", "model": "runware:100@1", "positivePrompt": "a kite", "numberResults": 1,
                "includeCost": true, "width": 1024, "height": 1024, "outputType": "URL", "outputFormat": "PNG",
            ]
        )
    }

    @Test func `everything that can be asked for has its place`() throws {
        var request = ImageRequest(
            prompt: "a kite",
            negativePrompt: "rain",
            model: "civitai:1@2",
            width: 768,
            height: 512,
            steps: 28,
            guidanceScale: 3.5,
            seed: .max,
            scheduler: "Euler a"
        )
        request.strength = 0.6
        request.loras = [Lora(model: "civitai:3@4", weight: -0.5)]
        request.checksSafety = true
        let settings = try RunwareSettings(delivery: .sync, output: .base64)

        let body = try body(request, settings, image: "data:image/png;base64,QQ==", mask: "data:image/png;base64,Qg==")

        #expect(
            body == [
                "taskType": "imageInference", "taskUUID": "7d2c9a10-6a41-4a8f-9c55-2f0f4f3c1b7e",
                "deliveryMethod": "sync", "model": "civitai:1@2", "positivePrompt": "a kite", "numberResults": 1,
                "includeCost": true, "negativePrompt": "rain", "width": 768, "height": 512, "steps": 28,
                "CFGScale": 3.5, "scheduler": "Euler a", "seed": 4_294_967_295,
                "seedImage": "data:image/png;base64,QQ==", "maskImage": "data:image/png;base64,Qg==", "strength": 0.6,
                "lora": [["model": "civitai:3@4", "weight": -0.5]], "outputType": "base64Data",
                "outputFormat": "PNG", "safety": ["checkContent": true],
            ]
        )
    }

    @Test func `newer models get their pictures under inputs`() throws {
        let body = try body(ImageRequest(prompt: "x"), image: "I", mask: "M", form: .inputs)

        #expect(body["inputs"] == ["seedImage": "I", "maskImage": "M"])
        #expect(body["seedImage"] == nil)
    }

    @Test func `a check that is not wanted is not asked for`() throws {
        var request = ImageRequest(prompt: "x")
        request.checksSafety = false

        #expect(try body(request)["safety"] == nil)
    }

    @Test func `a video is always asynchronous and behind an address`() throws {
        var request = ImageRequest(prompt: "a kite", model: "klingai:5@3", width: 1280, height: 720, seed: 7)
        request.kind = .video
        request.duration = 5
        let settings = try RunwareSettings(delivery: .sync, output: .base64)

        let body = try body(request, settings, image: "I")

        #expect(
            body == [
                "taskType": "videoInference", "taskUUID": "7d2c9a10-6a41-4a8f-9c55-2f0f4f3c1b7e",
                "deliveryMethod": "async", "model": "klingai:5@3", "positivePrompt": "a kite", "numberResults": 1,
                "includeCost": true, "width": 1280, "height": 720, "duration": 5, "seed": 7,
                "frameImages": [["inputImage": "I", "frame": "first"]], "outputType": "URL", "outputFormat": "MP4",
            ]
        )
        #expect(
            try self.body(request, settings, image: "I", form: .inputs)["inputs"]
                == ["frameImages": [["image": "I", "frame": "first"]]]
        )
    }

    @Test func `a call is a list of one task with the key in its header; a fetch has no key`() throws {
        let requests = RunwareRequests(settings: try RunwareSettings(environment: ["RUNWARE_API_KEY": "k"]))

        let question = requests.question(task, kind: .image, timeout: .seconds(5))
        let fetch = requests.result("https://im.runware.ai/x", kind: .image, timeout: .seconds(5))

        #expect(question.method == "POST")
        #expect(question.url == "https://api.runware.ai/v1")
        #expect(question.headers.contains(ProviderHeader("Authorization", "Bearer k")))
        #expect(
            String(decoding: question.body, as: UTF8.self)
                == #"[{"taskType":"getResponse","taskUUID":"7d2c9a10-6a41-4a8f-9c55-2f0f4f3c1b7e"}]"#
        )
        #expect(question.timeout == .seconds(5))
        #expect(fetch.headers.isEmpty)
        #expect(fetch.target == .result)
        #expect(fetch.answerBytesMax == 24 << 20)
    }

    @Test func `an answer with the image inside may be a third larger than the image`() throws {
        let requests = RunwareRequests(settings: try RunwareSettings(output: .base64))

        #expect(requests.begin([:], kind: .image, timeout: .seconds(600)).answerBytesMax > 32 << 20)
        #expect(requests.begin([:], kind: .video, timeout: .seconds(600)).answerBytesMax == 1 << 20)
    }

    @Test(
        "What Runware takes for no model is refused before anybody is asked",
        arguments: [
            Mistake("prompt") { $0.prompt = "" }, Mistake("width") { $0.width = 64 },
            Mistake("height") { $0.height = 20_000 }, Mistake("steps") { $0.steps = 0 },
            Mistake("guidance_scale") { $0.guidanceScale = .nan }, Mistake("seed") { $0.seed = 0 },
            Mistake("mask") { $0.mask = ImageInput(sha256: "") }, Mistake("strength") { $0.strength = 0.5 },
            Mistake("duration") { $0.duration = 5 }, Mistake("LoRA") { $0.loras = [Lora(model: "x")] },
            Mistake("loras") { $0.loras = [Lora(model: "a:1@1", weight: .infinity)] },
            Mistake("negative_prompt", .video) { $0.negativePrompt = "x" },
            Mistake("duration", .video) { $0.duration = 0 },
        ]
    )
    func mistakes(_ mistake: Mistake) throws {
        var request = ImageRequest(prompt: "a kite")
        request.kind = mistake.kind
        #expect(RunwareMistake.text(in: request) == nil)

        mistake.change(&request)

        #expect(try #require(RunwareMistake.text(in: request)).contains(mistake.name))
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        let name: String
        let kind: ImageRequest.Kind
        let change: @Sendable (inout ImageRequest) -> Void

        init(
            _ name: String,
            _ kind: ImageRequest.Kind = .image,
            _ change: @escaping @Sendable (inout ImageRequest) -> Void
        ) {
            (self.name, self.kind, self.change) = (name, kind, change)
        }

        var testDescription: String { "\(kind) \(name)" }
    }

    @Test func `a task is written down and read back whole`() throws {
        var task = RunwareTask(id: task, since: .init(milliseconds: 1_700_000_000_123))
        task.phase = .lost
        task.form = .inputs
        (task.asks, task.failures, task.sends, task.fetches) = (1, 2, 3, 4)

        #expect(RunwareTask(task.json) == task)
        #expect(RunwareTask(["task": "x", "phase": "lost", "since": 1]) == nil)
        #expect(RunwareTask([:]) == nil)
    }

    @Test func `pauses grow from 1 s to 10 s`() {
        var task = RunwareTask(id: task, since: .init(milliseconds: 0))
        task.phase = .working

        let pauses = (0..<9).map { asks in
            task.asks = asks
            return task.pause
        }

        #expect(pauses == [1, 1, 2, 3, 4, 6, 10, 10, 10].map { .seconds($0) })
    }
}
