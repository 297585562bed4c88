// Pictures that requests bring, as the providers get them.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct PicturesToProvidersTests {
    init() { TestLoop.start() }

    enum Way: String, CaseIterable { case dataURI, url, upload }

    static let takers = ["runware", "openai", "hf-inference", "fal-ai", "replicate"]

    /// How each of them is first given its picture, so that each way is used; then come the other two.
    private static let ways: [(name: String, way: Way)] = zip(takers, Way.allCases + Way.allCases).map { ($0, $1) }

    @Test("A picture comes to the provider byte for byte, however it was sent", arguments: ways)
    @LoopActor func arrives(name: String, way first: Way) async throws {
        let taker = try PictureTaker(name)
        try await withEdge(taker.options) { host in
            let drawn = try await host.generate(["prompt": "a pond", "provider": "sandbox", "width": 64, "height": 64])
            let picture = (bytes: drawn.body, path: try #require(drawn["Content-Location"]))
            let body = taker.body(["prompt": "a swan"])
            func send(_ way: Way) async throws -> ProbeAnswer {
                switch way {
                case .dataURI: try await host.generate(body, image: dataURI(picture.bytes))
                case .url: try await host.generate(body, image: "http://edge.test\(picture.path)")
                case .upload: try await host.upload(body, [("image", picture.bytes)])
                }
            }

            let answer = try await send(first)
            let calls = taker.calls
            #expect(answer.status == 200, "\(answer.text.prefix(400))")
            #expect(taker.pictures == [TestPicture.base64(picture.bytes)])
            #expect(calls == taker.callsForOne)

            for way in Way.allCases {
                let again = try await send(way)
                #expect(again.content == answer.content, "\(way)")
                #expect(again["Cache-Status"]?.hasPrefix("edge; hit") == true, "\(way) \(again.headers)")
            }
            #expect(taker.calls == calls, "the same picture was made already")

            let other = TestPicture.png("another")
            let another = try await host.generate(body, image: dataURI(other))
            #expect(another.status == 200, "\(another.text.prefix(400))")
            #expect(taker.pictures == [picture.bytes, other].map(TestPicture.base64))
            #expect(taker.calls == taker.callsForOne.map { $0 * 2 })
        }
    }

    // MARK: Masks

    @Test("Runware paints inside a mask", arguments: ["async", "sync"])
    @LoopActor func runwareMask(delivery: String) async throws {
        let runware = try RunwareScript()
        let (image, mask) = (TestPicture.png("room"), TestPicture.png("window"))
        try await withEdge(EdgeOptions(environment: runware.environment + [("RUNWARE_DELIVERY", delivery)])) { host in
            let body: JSONObject = ["prompt": "a cat", "strength": 0.6, "width": 512, "height": 512]
            let answer = try await host.upload(body, [("image", image), ("mask", mask)])
            let task = try #require(runware.sent.first)

            #expect(answer.status == 200, "\(answer.text)")
            #expect(task["taskType"] == "imageInference" && task["deliveryMethod"] == .string(delivery))
            #expect(task["seedImage"] == .string(dataURI(image)))
            #expect(task["maskImage"] == .string(dataURI(mask)))
            #expect(task["strength"]?.double == 0.6)
            #expect(task["width"] == 512 && task["height"] == 512 && task["positivePrompt"] == "a cat")
            #expect(runware.calls == (delivery == "sync" ? 2 : 3), "the task, a question where it is async, the result")
            #expect(runware.paidInAll == 1)
        }
    }

    @Test @LoopActor
    func `a model of Runware's that wants its pictures under inputs gets them there, under the same id`()
        async throws
    {
        let refusal = RunwarePlay.refused("unsupportedParameter", more: #""parameter":"seedImage""#)
        let runware = try RunwareScript([refusal])
        let image = TestPicture.png("room")
        try await withEdge(EdgeOptions(environment: runware.environment + [("RUNWARE_DELIVERY", "sync")])) { host in
            let answer = try await host.generate(["prompt": "a cat"], image: dataURI(image))

            #expect(answer.status == 200, "\(answer.text)")
            #expect(runware.sent.map { $0["seedImage"] } == [.string(dataURI(image)), nil])
            #expect(runware.sent.last?["inputs"] == ["seedImage": .string(dataURI(image))])
            #expect(runware.sent.count == 2 && runware.paidInAll == 1)
        }
    }

    @Test @LoopActor func `an edit of OpenAI's is the fields of the sheet, from either front`() async throws {
        let openai = try OpenAIScript()
        let (image, mask) = (TestPicture.png("room"), TestPicture.png("window"))
        try await withEdge(EdgeOptions(environment: openai.environment)) { host in
            let fields: JSONObject = [
                "prompt": "a cat", "model": "gpt-image-1-mini", "width": 1024, "height": 1536,
            ]
            let native = try await host.upload(fields, [("image", image), ("mask", mask)])
            let request = try #require(openai.images.first)
            func field(_ name: String) -> String? {
                OpenAIScript.part(name, of: request).map { String(decoding: $0, as: UTF8.self) }
            }

            #expect(native.status == 200, "\(native.text)")
            #expect(request.path == "/v1/images/edits")
            #expect(request.header("authorization") == "Bearer \(OpenAIScript.key)")
            #expect(request.header("content-type")?.hasPrefix("multipart/form-data; boundary=") == true)
            #expect(field("prompt") == "a cat" && field("model") == "gpt-image-1-mini" && field("n") == "1")
            #expect(field("size") == "1024x1536" && field("output_format") == "png")
            #expect(field("response_format") == nil, "GPT image models refuse it")
            #expect(OpenAIScript.part("image", of: request).map { Content($0) } == Content(image))
            let sentMask = try #require(OpenAIScript.part("mask", of: request))
            #expect(sentMask.prefix(24) == mask.prefix(24), "a PNG of the same size")
            #expect([4, 6].contains(sentMask[25]), "with transparency, which is where it may change")

            // The official client's form, and what it makes is the same picture.
            var form = FormBody()
            for (name, value) in [("prompt", "a cat"), ("model", "gpt-image-1-mini"), ("size", "1024x1536")] {
                form.add(name, value)
            }
            form.add("image[]", file: "room.png", image)
            form.add("mask", file: "window.png", mask)
            let front = try await host.paint(form, at: "/v1/images/edits")
            let text = front.json["data"]?.array?.first?["b64_json"]
            #expect(text == .string(TestPicture.base64(native.body)), "\(front.text.prefix(300))")
            #expect(openai.calls == 1)

            let path = try #require(native["Content-Location"])
            let body: JSONValue = [
                "prompt": "two cats", "model": "gpt-image-1-mini", "image": .string("http://edge.test\(path)"),
                "mask": .string(dataURI(mask)),
            ]
            for _ in 0..<2 {
                let edited = try await host.post("/v1/images/edits", body)
                #expect(edited.status == 200, "\(edited.text)")
            }
            #expect(openai.calls == 2)
            #expect(
                OpenAIScript.part("image", of: openai.images[1]).map { Content($0) } == native.content,
                "the picture behind the address"
            )
        }
    }

    @Test @LoopActor func `strength goes to who takes it, and a mask to nobody who would not use it`() async throws {
        let router = try RouterScript(.hfInference, task: "image-to-image")
        let image = TestPicture.png("room")
        try await withEdge(PictureTaker.options(router)) { host in
            let body: JSONObject = [
                "prompt": "a cat", "model": .string(RouterScript.model), "strength": 0.25, "width": 512, "height": 768,
            ]
            let answer = try await host.generate(body, image: dataURI(image))
            let sent = try JSONValue.parse(try #require(router.makes.first).body)
            let masked = try await host.upload(body, [("image", image), ("mask", image)])

            #expect(answer.status == 200, "\(answer.text)")
            #expect(sent["inputs"] == .string(TestPicture.base64(image)))
            #expect(sent["parameters"]?["prompt"] == "a cat" && sent["parameters"]?["strength"]?.double == 0.25)
            #expect(sent["parameters"]?["target_size"] == ["width": 512, "height": 768])
            expectProblem(masked, 400, naming: ["huggingface", "mask"])
            #expect(router.makes.count == 1)
        }
    }

    // MARK: Who takes none

    @Test(
        "Who takes no picture says so, and with leave does without",
        arguments: ["sandbox", "nscale", "together", "wavespeed", "zai-org"]
    )
    @LoopActor func refuses(name: String) async throws {
        let router = try RouterScript.Served(rawValue: name).map { try RouterScript($0) }
        let image = TestPicture.png("room")
        try await withEdge(router.map { PictureTaker.options($0) } ?? EdgeOptions()) { host in
            var body: JSONObject = ["prompt": "a cat", "provider": name == "sandbox" ? "sandbox" : "huggingface"]
            if router != nil { body["model"] = .string(RouterScript.model) }
            let refused = try await host.generate(body, image: dataURI(image))
            expectProblem(
                refused,
                refused.status,
                naming: name == "sandbox" ? ["sandbox", "image"] : ["huggingface", "image-to-image"]
            )
            #expect([400, 404].contains(refused.status))
            #expect(router?.makes.count ?? 0 == 0)

            body["lenient"] = true
            body["image"] = .string(dataURI(image))
            body["strength"] = 0.5
            let done = try await host.ended(.object(body))
            #expect(done["state"] == "succeeded", "\(done.text())")
            #expect(done["dropped"] == ["image", "strength"], "\(done.text())")
            #expect(router?.makes.count ?? 1 == 1)
            #expect(router?.makes.first?.text.contains(TestPicture.base64(image)) != true)
            let again = try await host.generate(.object(body))
            #expect(again["Cache-Status"]?.hasPrefix("edge; hit") == true, "\(again.headers)")
            #expect(router?.makes.count ?? 1 == 1)
        }
    }
}

/// One provider that takes pictures, and what came to it.
@LoopActor
private struct PictureTaker {
    let options: EdgeOptions
    private let name: String
    private let count: @LoopActor () -> [Int]
    private let received: @LoopActor () -> [String]
    /// What one picture costs in calls, of the kinds that ``calls`` counts.
    let callsForOne: [Int]

    /// Calls that make something, questions about it, fetches of results.
    var calls: [Int] { count() }

    /// The pictures that came, in their order and in base64; empty where none was with a request, or no PNG.
    var pictures: [String] { received() }

    func body(_ fields: JSONObject) -> JSONObject {
        var fields = fields
        fields["provider"] = .string(RouterScript.Served(rawValue: name) == nil ? name : "huggingface")
        if fields["provider"] == "huggingface" { fields["model"] = .string(RouterScript.model) }
        return fields
    }

    static func options(_ router: RouterScript) -> EdgeOptions {
        EdgeOptions(environment: [
            ("HUGGINGFACE_API_KEY", HuggingFaceScript.key), ("HUGGINGFACE_BASE_URL", router.router.url),
            ("HUGGINGFACE_HUB_URL", router.router.url),
        ])
    }

    init(_ name: String) throws {
        self.name = name
        switch name {
        case "runware":
            let script = try RunwareScript()
            options = EdgeOptions(environment: script.environment)
            count = { [script.sent.count, script.questions, script.fetches] }
            received = { script.sent.map { Self.bare($0["seedImage"]) } }
            callsForOne = [1, 1, 1]
        case "openai":
            let script = try OpenAIScript()
            options = EdgeOptions(environment: script.environment)
            count = { [script.calls, script.fetches.count] }
            received = { script.images.map { TestPicture.base64(OpenAIScript.part("image", of: $0) ?? []) } }
            callsForOne = [1, 0]
        default:
            guard let served = RouterScript.Served(rawValue: name) else { preconditionFailure("no provider \(name)") }
            // Looks are counted over all tasks: the first of each finds its work done.
            let script = try RouterScript(served, task: "image-to-image", looksNeeded: 0)
            options = Self.options(script)
            count = { [script.makes.count, script.looks.count, script.fetches.count] }
            received = {
                script.makes.map { request in
                    let body = (try? JSONValue.parse(request.body)) ?? .null
                    return switch served {
                    case .falAI: Self.bare(body["image_url"])
                    case .replicate: Self.bare(body["input"]?["input_image"])
                    default: body["inputs"]?.string ?? ""
                    }
                }
            }
            // fal.ai has one address for how it stands and another for what came of it.
            callsForOne = served == .hfInference ? [1, 0, 0] : [1, served == .falAI ? 2 : 1, 1]
        }
    }

    /// The base64 of a data URI of a PNG.
    private static func bare(_ uri: JSONValue?) -> String {
        let start = "data:image/png;base64,"
        guard let text = uri?.string, text.hasPrefix(start) else { return "" }
        return String(text.dropFirst(start.count))
    }
}

private func dataURI(_ bytes: [UInt8]) -> String { "data:image/png;base64,\(TestPicture.base64(bytes))" }

extension EdgeHost {
    fileprivate func generate(_ fields: JSONObject, image: String) async throws -> ProbeAnswer {
        var fields = fields
        fields["image"] = .string(image)
        return try await generate(.object(fields))
    }

    /// A form with these fields and files.
    fileprivate func upload(_ fields: JSONObject, _ files: [(name: String, bytes: [UInt8])]) async throws -> ProbeAnswer
    {
        var form = FormBody()
        for member in fields.members { form.add(member.key, member.value.string ?? member.value.text()) }
        for file in files { form.add(file.name, file: "\(file.name).png", file.bytes) }
        return try await paint(form, at: "/functions/v1/generate")
    }
}
