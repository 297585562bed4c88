// Videos: made by a provider that takes its time, kept and served like images.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct VideoTests {
    init() { TestLoop.start() }

    private static let body: JSONObject = [
        "prompt": "waves", "kind": "video", "model": .string(RouterScript.model), "provider": "huggingface",
    ]

    @LoopActor
    private static func options(_ router: RouterScript) -> EdgeOptions {
        EdgeOptions(environment: [
            ("HUGGINGFACE_API_KEY", HuggingFaceScript.key), ("HUGGINGFACE_BASE_URL", router.router.url),
            ("HUGGINGFACE_HUB_URL", router.router.url),
        ])
    }

    @Test @LoopActor func `a video of fal's is kept, told in its job's document, and served in ranges`() async throws {
        let router = try RouterScript(.falAI, task: "text-to-video", looksNeeded: 2)
        let video = RouterScript.video
        try await withEdge(Self.options(router)) { host in
            let done = try await host.ended(.object(Self.body))
            let record = try #require(done["images"]?.array?.first, "\(done.text())")
            let url = try #require(record["url"]?.string)
            let path = String(url.dropFirst("http://edge.test".count))
            #expect(record["type"] == "video/mp4" && record["bytes"] == .integer(Int64(video.count)))
            #expect(path.hasPrefix("/images/") && path.hasSuffix(".mp4"), "\(url)")
            #expect(done["provider"] == "huggingface" && done["model"] == .string(RouterScript.model))

            let whole = try await host.get(path)
            #expect(whole.status == 200 && whole.content == Content(video))
            #expect(whole["Content-Type"] == "video/mp4" && whole["Accept-Ranges"] == "bytes")
            let tail = try await host.get(path, [("Range", "bytes=-4")])
            #expect(tail.status == 206 && tail.content == Content(video.suffix(4)))
            #expect(tail["Content-Range"] == "bytes \(video.count - 4)-\(video.count - 1)/\(video.count)")
            #expect(tail["Content-Type"] == "video/mp4")
            let beyond = try await host.get(path, [("Range", "bytes=\(video.count)-")])
            #expect(beyond.status == 416 && beyond["Content-Range"] == "bytes */\(video.count)")

            let sent = try JSONValue.parse(try #require(router.makes.first).body)
            #expect(router.makes.first?.target == "/fal-ai/their/painter?_subdomain=queue")
            #expect(sent == ["prompt": "waves"])

            // Whoever asks for it again gets the file itself, and nobody is asked.
            let again = try await host.generate(.object(Self.body))
            #expect(again.status == 200 && again.content == Content(video), "\(again.status) \(again.text.prefix(300))")
            #expect(again["Content-Type"] == "video/mp4" && again["Cache-Status"]?.hasPrefix("edge; hit") == true)
            #expect(router.makes.count == 1 && router.begun == 1)
            #expect(router.looks.count == 4, "twice unfinished, once finished, and what came of it")
            #expect(router.fetches.count == 1)
        }
    }

    @Test @LoopActor func `a video that is under way when the host is killed is not asked for again`() async throws {
        let ready = Gate()
        let router = try RouterScript(.falAI, task: "text-to-video", looksNeeded: 0, ready: ready)
        try await withEdge(Self.options(router)) { host in
            let id = try await host.accepted(.object(Self.body))
            try await eventually("a look at the task") { router.looks.count >= 1 }
            try await eventually("its task in the job file") {
                host.activeJobs[id]?.text().contains("requests/1f") == true
            }
            try await host.restart()
            ready.open()
            let done = try await host.finished(id)

            #expect(done["state"] == "succeeded", "\(done.text())")
            #expect(done["images"]?.array?.first?["type"] == "video/mp4")
            #expect(router.makes.count == 1 && router.begun == 1, "asked for once")
            #expect(router.fetches.count == 1)
            #expect(done.attempts.allSatisfy { $0["perhapsPaid"] == nil }, "\(done.text())")
            let picked = done["images"]?.array?.first?["url"]?.string ?? ""
            let file = try await host.get(String(picked.dropFirst("http://edge.test".count)))
            #expect(file.content == Content(RouterScript.video))
        }
    }

    @Test @LoopActor func `a video may begin with a picture`() async throws {
        let router = try RouterScript(.falAI, task: "image-to-video", looksNeeded: 0)
        let picture = TestPicture.png("first frame")
        let uri = "data:image/png;base64,\(TestPicture.base64(picture))"
        try await withEdge(Self.options(router)) { host in
            var body = Self.body
            body["image"] = .string(uri)
            let done = try await host.ended(.object(body))
            let sent = try JSONValue.parse(try #require(router.makes.first).body)

            #expect(done["images"]?.array?.first?["type"] == "video/mp4", "\(done.text())")
            #expect(sent == ["prompt": "waves", "image_url": .string(uri)])
            #expect([router.makes.count, router.looks.count, router.fetches.count] == [1, 2, 1])
        }
    }

    @Test @LoopActor func `who makes no videos says so, and a video needs a model`() async throws {
        let (openai, router) = (try OpenAIScript(), try RouterScript(.falAI, task: "text-to-video"))
        var options = Self.options(router)
        options.environment += openai.environment
        try await withEdge(options) { host in
            let image = try await host.generate(["prompt": "waves", "kind": "video", "provider": "openai"])
            let nameless = try await host.generate(["prompt": "waves", "kind": "video", "provider": "huggingface"])

            expectProblem(image, 400, naming: ["openai", "images only"])
            expectProblem(nameless, 400, naming: ["model"])
            #expect(openai.calls == 0 && router.makes.isEmpty)
        }
    }
}
