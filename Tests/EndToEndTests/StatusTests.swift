// The Status function: one job, its changes, and the service as a whole.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct StatusTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `both paths show the document, and an id that is unknown is 404`() async throws {
        try await withEdge { host in
            let id = try await host.accepted(["prompt": "a fox", "width": 64, "height": 64])
            let done = try await host.finished(id)
            let short = try await host.get("/status/\(id)")

            #expect(short.json["id"]?.string == id)
            #expect(short.json["state"] == done["state"])
            expectProblem(try await host.get("/status/0198c2f0-0000-7000-8000-000000000000"), 404)
            expectProblem(try await host.get("/functions/v1/status/nonsense"), 404)
        }
    }

    @Test @LoopActor func `a document tells who made the image, and each attempt with its times`() async throws {
        try await withEdge { host in
            let id = try await host.accepted(["prompt": "a fox", "width": 64, "height": 64, "seed": 9])
            let done = try await host.finished(id)
            let attempts = try #require(done["attempts"]?.array)

            #expect(done["provider"] == "sandbox")
            #expect(done["seed"] == 9)
            #expect(done.object?.keys.contains("model") == true)
            #expect(done.object?.keys.contains("cost") == true)
            #expect(done["input"] == nil, "the prompt is the caller's own")
            #expect(attempts.count == 1)
            #expect(attempts.first?["started"]?.string != nil)
            #expect(attempts.first?["ended"]?.string != nil)
        }
    }

    @Test @LoopActor func `a long poll returns at the change`() async throws {
        let gate = Gate()
        let upstream = try HuggingFaceScript([.held(gate)])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let id = try await host.accepted("a fox")
            try await upstream.called(1)
            _ = try await host.job(id) { $0["state"] == "running" }
            async let change = host.job(id, wait: 60)
            gate.open()
            let state = try await change["state"]?.string

            #expect(["running", "succeeded"].contains(state))
            #expect(try await host.finished(id)["state"] == "succeeded")
        }
    }

    @Test @LoopActor func `an event stream follows a job to its end, and shows a finished one`() async throws {
        let gate = Gate()
        let upstream = try HuggingFaceScript([.held(gate)])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let id = try await host.accepted("a fox")
            let probe = try await host.connect()
            probe.request("GET", "/status/\(id)", [("Accept", "text/event-stream")])
            let first = try await probe.head()
            let before = try await probe.event()
            gate.open()
            var last = before
            while let event = try await probe.event() { last = event }
            probe.request("GET", "/status/\(id)", [("Accept", "text/event-stream")])
            _ = try await probe.head()
            let again = try await probe.event()

            #expect(first["Content-Type"]?.hasPrefix("text/event-stream") == true)
            #expect(before?.json["id"]?.string == id)
            #expect(last?.json["state"] == "succeeded")
            #expect(again?.json["state"] == "succeeded")
            probe.leave()
        }
    }

    @Test @LoopActor func `two hundred long polls and two hundred streams of one job all see its end`() async throws {
        let gate = Gate()
        let upstream = try HuggingFaceScript([.held(gate)])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let id = try await host.accepted("a fox")
            try await upstream.called(1)
            var polls: [HTTPProbe] = []
            var streams: [HTTPProbe] = []
            for _ in 0..<200 {
                let stream = try await host.connect()
                stream.request("GET", "/status/\(id)", [("Accept", "text/event-stream")])
                streams.append(stream)
                let poll = try await host.connect()
                poll.request("GET", "/status/\(id)?wait=100")
                polls.append(poll)
            }
            for stream in streams {
                #expect(try await stream.head().status == 200)
                #expect(try await stream.event()?.json["state"] == "running")
            }
            gate.open()
            var ends: [JSONValue?] = []
            for stream in streams {
                var last: JSONValue?
                while let event = try await stream.event() { if !event.isComment { last = event.json["state"] } }
                ends.append(last)
                stream.leave()
            }
            for poll in polls {
                // The change that it was waiting for may have been an attempt's begin.
                var answer = try await poll.answer()
                while answer.status == 200, answer.json["state"] == "running" {
                    poll.request("GET", "/status/\(id)?wait=100")
                    answer = try await poll.answer()
                }
                ends.append(answer.json["state"])
                poll.leave()
            }

            #expect(ends.count { $0 == "succeeded" } == 400)
            #expect(upstream.calls == 1)
        }
    }

    @Test @LoopActor func `without an id it tells how the service is`() async throws {
        try await withEdge { host in
            for answer in [try await host.get("/functions/v1/status"), try await host.post("/status", [:])] {
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.json["version"]?.string != nil)
                #expect(answer.json["uptime"]?.double != nil)
                #expect(answer.text.contains("queue"))
                let providers = answer.json["functions"]?["generate"]?["providers"]
                #expect(providers != nil, "\(answer.text)")
                #expect(answer.text.contains("sandbox"))
                #expect(answer.text.contains("huggingface"))
            }
        }
    }

    @Test @LoopActor func `a stream in which nothing happens has a heartbeat`() async throws {
        let upstream = try HuggingFaceScript([.held(Gate())])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let probe = try await host.connect()
            let body = Array(#"{"prompt":"a fox"}"#.utf8)
            probe.request("POST", "/generate", [("Accept", "text/event-stream")], body: body)
            _ = try await probe.head()
            var event = try await probe.event()
            while event?.isComment == false { event = try await probe.event() }

            #expect(event?.isComment == true)
            probe.leave()
        }
    }
}
