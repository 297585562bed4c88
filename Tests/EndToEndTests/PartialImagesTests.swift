// Unfinished pictures in streams of OpenAI's Images API, from a provider that sends such.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct PartialImagesTests {
    init() { TestLoop.start() }

    private static func body(_ prompt: String, partials: Int = 2, n: Int = 1) -> JSONObject {
        [
            "prompt": .string(prompt), "model": "gpt-image-1-mini", "stream": true, "n": .integer(Int64(n)),
            "partial_images": .integer(Int64(partials)),
        ]
    }

    @LoopActor
    private static func options(_ openai: OpenAIScript) -> EdgeOptions { EdgeOptions(environment: openai.environment) }

    @Test @LoopActor func `unfinished pictures come while the provider works, and then the finished one`() async throws
    {
        let gate = Gate()
        let openai = try OpenAIScript(then: .stream(partials: 3, gate))
        try await withEdge(Self.options(openai)) { host in
            let client = try await host.connect()
            client.request(
                "POST",
                "/v1/images/generations",
                [("Content-Type", "application/json")],
                body: JSONValue.object(Self.body("a kite")).encoded()
            )
            let head = try await client.head()
            let first = try #require(try await client.event())
            #expect(filesIn("\(host.state)/jobs/tmp").isEmpty, "an unfinished picture has no name")
            // The provider has not sent more yet.
            gate.open()
            let second = try #require(try await client.event())
            let last = try #require(try await client.event())
            let end = try await client.event()

            #expect(head.status == 200 && head["Content-Type"] == "text/event-stream")
            #expect(end == nil)
            for (number, event) in [first, second].enumerated() {
                #expect(event.name == "image_generation.partial_image")
                #expect(event.json["type"] == .string(event.name))
                #expect(event.json["partial_image_index"] == .integer(Int64(number)))
                let picture = TestPicture.base64(OpenAIScript.partial(number, of: "a kite"))
                #expect(event.json["b64_json"]?.string == picture, "partial \(number)")
                #expect(event.json["size"] == "8x8" && event.json["output_format"] == "png", "as it is")
                #expect(event.json["quality"] == "medium" && event.json["background"] == "opaque")
                #expect(event.json["created_at"]?.integer ?? 0 > 1_700_000_000)
            }
            #expect(last.name == "image_generation.completed")
            #expect(last.json["b64_json"]?.string == TestPicture.base64(OpenAIScript.picture("a kite")))
            #expect(last.json["quality"] == "medium" && last.json["background"] == "opaque")
            #expect(last.json["usage"]?["total_tokens"] == 1066)

            let sent = try JSONValue.parse(try #require(openai.images.first).body)
            #expect(sent["stream"] == true && sent["partial_images"] == 2)
            #expect(host.imageFiles.count == 1)

            // Out of the cache there is nothing unfinished, and nothing was used.
            let again = try await host.events(Self.body("a kite"))
            #expect(again.map(\.name) == ["image_generation.completed"])
            #expect(again.first?.json["b64_json"] == last.json["b64_json"] && again.first?.json["usage"] == nil)
            #expect(openai.calls == 1)
        }
    }

    @Test @LoopActor func `a picture on its way into the cache is answered as one out of it`() async throws {
        let openai = try OpenAIScript(then: .stream(partials: 1))
        try await withEdge(Self.options(openai)) { host in
            for number in 0..<8 {
                let body = JSONValue.object(Self.body("kite \(number)")).encoded()
                let probe = try await host.connect()
                var names: [[String]] = []
                for _ in 0..<2 {
                    probe.request("POST", "/v1/images/generations", [("Content-Type", "application/json")], body: body)
                    names.append(try await probe.answer().events.map { String($0.name.split(separator: ".")[1]) })
                }
                probe.leave()

                #expect(names == [["partial_image", "completed"], ["completed"]], "\(number)")
            }
            #expect(openai.calls == 8)
        }
    }

    @Test @LoopActor func `an edit is streamed too, and each of several images has its own`() async throws {
        let openai = try OpenAIScript(then: .stream(partials: 1))
        try await withEdge(Self.options(openai)) { host in
            var form = FormBody()
            for (name, text) in [
                ("prompt", "a swan"), ("model", "gpt-image-1-mini"), ("stream", "true"), ("partial_images", "3"),
            ] {
                form.add(name, text)
            }
            form.add("image", file: "a.png", TestPicture.png("a pond"))
            let edit = try await host.paint(form, at: "/v1/images/edits").events
            let two = try await host.events(Self.body("a kite", partials: 1, n: 2))

            #expect(edit.map(\.name) == ["image_edit.partial_image", "image_edit.completed"], "fewer than asked for")
            #expect(OpenAIScript.asked(try #require(openai.images.first)) == 3)
            #expect(OpenAIScript.part("image", of: try #require(openai.images.first)) == TestPicture.png("a pond"))
            let kinds = two.map { $0.name.split(separator: ".").last ?? "" }
            #expect(kinds.sorted() == ["completed", "completed", "partial_image", "partial_image"])
            #expect(kinds.first == "partial_image" && kinds.last == "completed")
            #expect(openai.calls == 3)
        }
    }

    @Test @LoopActor func `who shows nothing unfinished sends the finished one alone`() async throws {
        let refusal = OpenAIScript.Reply.error(
            400,
            code: "unknown_parameter",
            message: "Unknown parameter: 'stream'.",
            param: "stream"
        )
        let openai = try OpenAIScript([refusal])
        try await withEdge(Self.options(openai)) { host in
            let refused = try await host.events(Self.body("a kite"))
            let known = try await host.events(Self.body("a fox"))
            var other = Self.body("a swan")
            other["model"] = "gpt-image-1.5"
            let plain = try await host.events(other)
            var drawn = Self.body("a pond", partials: 3)
            (drawn["model"], drawn["provider"], drawn["size"]) = (nil, "sandbox", "64x64")
            let sandbox = try await host.events(drawn)
            let none = try await host.events(Self.body("a boat", partials: 0))
            let tooMany = try await host.post("/v1/images/generations", .object(Self.body("a boat", partials: 4)))

            for events in [refused, known, plain, sandbox, none] {
                #expect(events.map(\.name) == ["image_generation.completed"])
            }
            #expect(
                openai.images.map { OpenAIScript.asked($0) } == [2, nil, nil, 2, nil],
                "again without a stream, once"
            )
            #expect(openai.calls == 5)
            #expect(tooMany.status == 400 && tooMany.json["error"]?["param"] == "partial_images", "\(tooMany.text)")
        }
    }

    @Test @LoopActor func `what goes wrong before the first picture is a status, and later an event`() async throws {
        let openai = try OpenAIScript { number, _ in
            switch number {
            case 1: .error(400, code: "moderation_blocked", message: "Not this.")
            case 2: .brokenStream(code: "moderation_blocked", type: "image_generation_user_error")
            case 3: .brokenStream(code: nil)
            default: .stream(partials: 2)
            }
        }
        try await withEdge(Self.options(openai)) { host in
            let early = try await host.post("/v1/images/generations", .object(Self.body("no")))
            #expect(early.status == 422 && early.json["error"]?["code"] == "moderation_blocked", "\(early.text)")

            let late = try await host.events(Self.body("neither"))
            #expect(late.map(\.name) == ["image_generation.partial_image", "error"])
            #expect(late.last?.json["error"]?["code"] == "moderation_blocked", "\(late.last?.data ?? "")")
            #expect(openai.calls == 2)

            // Another attempt begins anew; the client has never more of them than it asked for.
            let again = try await host.events(Self.body("yes"))
            #expect(
                again.map { $0.name.split(separator: ".").last } == ["partial_image", "partial_image", "completed"]
            )
            #expect(again.map { $0.json["partial_image_index"] } == [0, 0, nil])
            #expect(openai.calls == 4)
        }
    }

    @Test @LoopActor func `of several images each comes when it is whole, and one that fails takes none with it`()
        async throws
    {
        let gate = Gate()
        let openai = try OpenAIScript { number, _ in
            switch number {
            case 1: .held(gate)
            case 2: .image
            case 3: .error(400, code: "moderation_blocked", message: "Not this.")
            case 4: .stream(partials: 1)
            default: .error(400, code: "moderation_blocked", message: "Not this.")
            }
        }
        try await withEdge(Self.options(openai)) { host in
            let client = try await host.connect()
            let body = JSONValue.object(Self.body("a kite", partials: 0, n: 2)).encoded()
            client.request("POST", "/v1/images/generations", [("Content-Type", "application/json")], body: body)
            _ = try await client.head()
            let first = try await client.event()
            gate.open()
            let second = try await client.event()
            #expect([first?.name, second?.name] == ["image_generation.completed", "image_generation.completed"])
            #expect(try await client.event() == nil)

            let mixed = try await host.events(Self.body("a swan", n: 2))
            #expect(
                mixed.map(\.name) == ["image_generation.partial_image", "image_generation.completed", "error"]
            )
            #expect(mixed.last?.json["error"]?["code"] == "moderation_blocked")
            let line = try JSONValue.parse(
                try await host.output.line(containing: #""error":"content_refused""#)
            )
            #expect(line["status"] == 200 && line["path"] == "/v1/images/generations", "\(line)")

            let none = try await host.post("/v1/images/generations", .object(Self.body("no", n: 2)))
            #expect(none.status == 422, "\(none.text)")
        }
    }

    @Test @LoopActor func `an answer that is no stream tells how its images were made and what they used`() async throws
    {
        let openai = try OpenAIScript()
        try await withEdge(Self.options(openai)) { host in
            var body = Self.body("a kite", n: 2)
            body["stream"] = nil
            let two = try await host.post("/v1/images/generations", .object(body)).json
            body["n"] = 3
            let cached = try await host.post("/v1/images/generations", .object(body)).json

            #expect(two["quality"] == "medium" && two["background"] == nil)
            #expect(two["usage"]?["total_tokens"] == 2132)
            #expect(two["usage"]?["input_tokens_details"] == ["text_tokens": 20, "image_tokens": 0])
            #expect(cached["data"]?.array?.count == 3 && cached["usage"] == nil, "two of them used nothing")
        }
    }

    @Test @LoopActor func `when the only client leaves, the work goes on and nothing stays open`() async throws {
        let gate = Gate()
        let openai = try OpenAIScript(then: .stream(partials: 1, gate))
        try await withEdge(Self.options(openai)) { host in
            let client = try await host.connect()
            let body = JSONValue.object(Self.body("a kite", partials: 1)).encoded()
            client.request("POST", "/v1/images/generations", [("Content-Type", "application/json")], body: body)
            _ = try await client.head()
            _ = try await client.event()
            let before = host.unnamedFiles
            client.leave()
            try await eventually("the picture that nobody looks at to be closed") { host.unnamedFiles == 0 }
            gate.open()
            try await eventually("the finished picture") { host.imageFiles.count == 1 }
            let again = try await host.events(Self.body("a kite", partials: 1))

            #expect(before > 0)
            #expect(again.map(\.name) == ["image_generation.completed"])
            #expect(openai.calls == 1)
        }
    }

    @Test @LoopActor func `a client that leaves ends nothing, and one that comes later sees what is there`()
        async throws
    {
        let gate = Gate()
        let openai = try OpenAIScript(then: .stream(partials: 1, gate))
        try await withEdge(Self.options(openai)) { host in
            let body = JSONValue.object(Self.body("a kite", partials: 1)).encoded()
            let (first, second) = (try await host.connect(), try await host.connect())
            first.request("POST", "/v1/images/generations", [("Content-Type", "application/json")], body: body)
            _ = try await first.head()
            _ = try await first.event()
            second.request("POST", "/v1/images/generations", [("Content-Type", "application/json")], body: body)
            _ = try await second.head()
            let seen = try await second.event()
            first.leave()
            gate.open()
            let done = try await second.event()

            #expect(seen?.name == "image_generation.partial_image")
            #expect(done?.name == "image_generation.completed")
            #expect(openai.calls == 1)
        }
    }

    @Test @LoopActor func `what cannot be shown is left out, and the picture comes all the same`() async throws {
        let picture = TestPicture.base64(OpenAIScript.picture("a kite"))
        let events = [
            #"{"type":"image_generation.partial_image","partial_image_index":0,"b64_json":"no base64"}"#,
            #"{"type":"image_generation.partial_image","partial_image_index":1}"#,
            #"{"type":"image_generation.news","b64_json":"\#(picture)"}"#,
            #"{"type":"image_generation.completed","b64_json":"\#(picture)"}"#,
        ]
        let text = events.map { "data: \($0)\r\n\r\n" }.joined() + "data: [DONE]\n\n"
        let openai = try OpenAIScript(then: .body(Array(text.utf8), type: "text/event-stream"))
        try await withEdge(Self.options(openai)) { host in
            let shown = try await host.events(Self.body("a kite"))

            #expect(shown.map(\.name) == ["image_generation.completed"])
            #expect(shown.first?.json["b64_json"]?.string == picture)
            #expect(openai.calls == 1)
        }
    }
}

extension EdgeHost {
    /// Files of its state that it has open and that have no name any more.
    fileprivate var unnamedFiles: Int {
        ProcessTree.descriptors(of: id).count { $0.hasSuffix(" (deleted)") && $0.contains(state) }
    }

    /// The events of a request for images.
    fileprivate func events(_ body: JSONObject) async throws -> [ProbeEvent] {
        try await post("/v1/images/generations", .object(body)).events
    }
}

extension ProbeAnswer {
    /// A whole answer that is an event stream.
    fileprivate var events: [ProbeEvent] {
        text.split(separator: "\n\n").map { ProbeEvent(String($0)) }.filter { !$0.isComment }
    }
}
