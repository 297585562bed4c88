// The Images API of OpenAI on the wire: paths, the envelope of errors, and what it shares with native requests.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct OpenAIFormTests {
    init() { TestLoop.start() }

    /// Expects the envelope with all four members.
    private static func expectEnvelope(
        _ answer: ProbeAnswer,
        _ status: Int,
        type: String = "invalid_request_error",
        param: JSONValue = .null,
        code: JSONValue,
        retries: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let shown = Comment(rawValue: "\(answer.status) \(answer.headers) \(answer.text.prefix(400))")
        let error = answer.json["error"]
        #expect(answer.status == status, shown, sourceLocation: sourceLocation)
        #expect(answer["Content-Type"] == "application/json", shown, sourceLocation: sourceLocation)
        #expect(
            error?.object?.keys.sorted() == ["code", "message", "param", "type"],
            shown,
            sourceLocation: sourceLocation
        )
        #expect(error?["type"] == .string(type), shown, sourceLocation: sourceLocation)
        #expect(error?["param"] == param, shown, sourceLocation: sourceLocation)
        #expect(error?["code"] == code, shown, sourceLocation: sourceLocation)
        #expect(answer["X-Request-Id"] != nil, shown, sourceLocation: sourceLocation)
        #expect((answer["X-Should-Retry"] == nil) == retries, shown, sourceLocation: sourceLocation)
        #expect(
            answer["Access-Control-Allow-Origin"] != nil || answer["Vary"]?.contains("Origin") == true,
            shown,
            sourceLocation: sourceLocation
        )
    }

    @Test @LoopActor func `native requests and OpenAI's share their images`() async throws {
        try await withEdge(Painter.options()) { host in
            let native = try await host.paint(["prompt": "a boat", "width": 64, "height": 32])
            let same: JSONValue = ["prompt": "a boat", "size": "64x32", "quality": "high", "user": "u1", "made_up": 7]
            let link = try await host.post("/v1/images/generations", same)
            let path = try #require(native["Content-Location"])
            let plain = try await host.post("/images/generations", same)

            #expect(link.status == 200, "\(link.text)")
            #expect(link.json["data"] == [["url": .string("http://edge.test\(path)")]])
            #expect(link.json["created"]?.integer ?? 0 > 1_700_000_000)
            #expect(link.json["size"] == "64x32" && link.json["output_format"] == "png")
            #expect(plain.json["data"] == link.json["data"])
            #expect(host.paintings.count == 1)
        }
    }

    @Test @LoopActor func `base64 comes with its length and is the image`() async throws {
        try await withEdge(Painter.options()) { host in
            let body: JSONValue = ["prompt": "a boat", "response_format": "b64_json"]
            let answer = try await host.post("/v1/images/generations", body)
            let modern = try await host.post("/v1/images/generations", ["prompt": "a boat", "model": "gpt-image-2"])
            let image = try await host.paint(["prompt": "a boat"])

            #expect(answer.number("Content-Length") == answer.body.count)
            #expect(answer.json["data"]?.array?.first?["b64_json"] == .string(PicturesInTests.base64(image.body)))
            #expect(modern.json["data"]?.array?.first?["b64_json"] != nil, "models that know no URLs get base64")
            #expect(host.paintings.count == 2)
        }
    }

    @Test @LoopActor func `n images are n jobs that differ, and are found again`() async throws {
        try await withEdge(Painter.options()) { host in
            let one = try await host.post("/v1/images/generations", ["prompt": "a boat"])
            let three = try await host.post("/v1/images/generations", ["prompt": "a boat", "n": 3])
            let again = try await host.post("/v1/images/generations", ["prompt": "a boat", "n": 3])

            let data = three.json["data"]?.array ?? []
            #expect(Set(data.compactMap { $0["url"]?.string }).count == 3, "\(three.text)")
            #expect(one.json["data"]?.array?.first == data.first)
            #expect(again.json["data"] == three.json["data"])
            #expect(host.paintings.count == 3)
        }
    }

    @Test @LoopActor func `each model is told, also with its slash encoded`() async throws {
        try await withEdge(Painter.options()) { host in
            let list = try await host.get("/v1/models")
            let plain = try await host.get("/models")
            let encoded = try await host.get("/v1/models/acme%2Fpainter")
            let raw = try await host.get("/v1/models/acme/painter")

            #expect(list.json["object"] == "list")
            #expect((list.json["data"]?.array ?? []).map { $0["id"] } == ["acme/painter", "plain"])
            #expect(plain.json == list.json)
            #expect(encoded.json == list.json["data"]?.array?.first)
            #expect(raw.json == encoded.json)
            #expect(raw.json.object?.keys.sorted() == ["created", "id", "object", "owned_by"])
            Self.expectEnvelope(try await host.get("/v1/models/nope"), 404, param: "model", code: "model_not_found")
            #expect(host.paintings.isEmpty)
        }
    }

    @Test @LoopActor func `every error below v1 is in the envelope`() async throws {
        let options = Painter.options(body: "2KB", host: ["origins": ["https://app.example"]])
        try await withEdge(options) { host in
            let images = "/v1/images/generations"
            Self.expectEnvelope(try await host.get("/v1/nope"), 404, code: "unknown_url")
            Self.expectEnvelope(try await host.get("/v1"), 404, code: "unknown_url")
            let wrong = try await host.get(images)
            Self.expectEnvelope(wrong, 405, code: "method_not_allowed")
            #expect(wrong["Allow"]?.contains("POST") == true)
            let large: JSONValue = ["prompt": .string(String(repeating: "x", count: 4000))]
            Self.expectEnvelope(try await host.post(images, large), 413, code: "body_too_large")
            Self.expectEnvelope(
                try await host.post(images, ["prompt": "x"], [("Origin", "https://evil.example")]),
                403,
                code: "origin_not_allowed"
            )
            Self.expectEnvelope(
                try await host.post(images, [:]),
                400,
                param: "prompt",
                code: "missing_required_parameter"
            )
            Self.expectEnvelope(
                try await host.post(images, ["prompt": "x", "size": "banana"]),
                400,
                param: "size",
                code: "invalid_value"
            )
            Self.expectEnvelope(
                try await host.post(images, ["prompt": "x", "size": "63x64"]),
                400,
                param: "size",
                code: "invalid_value"
            )
            Self.expectEnvelope(
                try await host.post(images, ["prompt": "x", "n": 11]),
                400,
                param: "n",
                code: "invalid_value"
            )
            Self.expectEnvelope(
                try await host.post(images, ["prompt": "x", "response_format": "gif"]),
                400,
                param: "response_format",
                code: "invalid_value"
            )
            Self.expectEnvelope(
                try await host.post(images, ["prompt": "x", "model": "none/such"]),
                404,
                param: "model",
                code: "model_not_found"
            )
            Self.expectEnvelope(
                try await host.post(images, ["prompt": "forbidden"]),
                422,
                code: "moderation_blocked"
            )
            Self.expectEnvelope(
                try await host.post("/v1/images/edits", ["prompt": "x"]),
                400,
                param: "image",
                code: "missing_required_parameter"
            )
            let broken = try await host.post(images, ["prompt": "broken"])
            #expect(broken.status == 500 && broken["X-Should-Retry"] == "false", "\(broken.status) \(broken.headers)")
            #expect(broken.json["error"]?["type"] == "server_error", "\(broken.text)")
            #expect(host.paintings.count == 2)
        }
    }

    @Test @LoopActor func `a spent day is told so that no client tries again`() async throws {
        try await withEdge(Painter.options(["perDay": 1])) { host in
            _ = try await host.post("/v1/images/generations", ["prompt": "one"])
            let answer = try await host.post("/v1/images/generations", ["prompt": "two"])

            Self.expectEnvelope(answer, 429, type: "insufficient_quota", code: "insufficient_quota")
            #expect(answer.number("Retry-After") ?? 0 > 0)
            #expect(host.paintings.count == 1)
        }
    }

    @Test @LoopActor func `an edit takes files, lists of files and JSON`() async throws {
        try await withEdge(Painter.options()) { host in
            let png = TestPicture.png("input")
            var form = FormBody()
            form.add("prompt", "42")
            form.add("n", "1")
            form.add("response_format", "b64_json")
            form.add("image[]", file: "a.png", png)
            form.add("mask", file: "b.png", TestPicture.png("mask"))
            let edit = try await host.paint(form, at: "/v1/images/edits")
            let uri = "data:image/png;base64,\(PicturesInTests.base64(png))"
            let json = try await host.post("/v1/images/edits", ["prompt": "echo", "image": .string(uri)])
            let link = json.json["data"]?.array?.first?["url"]?.string ?? ""

            #expect(edit.status == 200 && edit.json["data"]?.array?.first?["b64_json"] != nil, "\(edit.text)")
            #expect(host.paintings.first?["prompt"] == "42", "a prompt of digits is a text")
            #expect(host.paintings.first?["mask"]?.string?.hasPrefix("sha256:") == true)
            let image = try await host.get(String(link.drop { $0 != ":" }.dropFirst(3).drop { $0 != "/" }))
            #expect(image.content == Content(png), "\(json.text)")
        }
    }

    @Test @LoopActor func `a stream is one event an image, and an error before it is a status`() async throws {
        try await withEdge(Painter.options()) { host in
            let body: JSONValue = ["prompt": "a boat", "stream": true, "partial_images": 2, "n": 2]
            let stream = try await host.post("/v1/images/generations", body)
            let events = stream.text.split(separator: "\n\n").map { $0.split(separator: "\n") }
            let data = try events.compactMap(\.last).map { try JSONValue.parse(String($0.dropFirst("data: ".count))) }
            let image = try await host.paint(["prompt": "a boat"])

            #expect(stream["Content-Type"] == "text/event-stream")
            #expect(events.map(\.first) == ["event: image_generation.completed", "event: image_generation.completed"])
            #expect(data.allSatisfy { $0["type"] == "image_generation.completed" })
            let first = JSONValue.string(PicturesInTests.base64(image.body))
            #expect(data.contains { $0["b64_json"] == first }, "each when it is whole")
            #expect(host.paintings.count == 2)
            Self.expectEnvelope(
                try await host.post("/v1/images/generations", ["stream": true]),
                400,
                param: "prompt",
                code: "missing_required_parameter"
            )
        }
    }

    @Test @LoopActor func `without a function that speaks it, nothing is at v1`() async throws {
        try await withEdge(Painter.options(speaks: false)) { host in
            expectProblem(try await host.post("/v1/images/generations", ["prompt": "x"]), 404)
            expectProblem(try await host.post("/models/acme/painter", ["inputs": "x"]), 404)
            #expect(host.paintings.isEmpty)
        }
    }
}
