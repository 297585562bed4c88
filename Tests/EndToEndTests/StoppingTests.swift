// SIGTERM, SIGINT and what becomes of those who wait.
import EdgeLoop
import Glibc
import JSON
import TestSupport
import Testing

struct StoppingTests {
    init() { TestLoop.start() }

    @Test("An idle host leaves at once with status 0", arguments: [SIGTERM, SIGINT])
    @LoopActor func idle(number: Int32) async throws {
        // A drain beyond the patience of the test: who waits it out fails.
        try await withEdge(EdgeOptions(manifest: TestManifest.bundled([("host.drain", "5m")]))) { host in
            _ = try await host.generate(["prompt": "a fox", "width": 64, "height": 64])
            let isolates = host.isolates
            host.signal(number)
            let exit = try await host.ended()

            #expect(exit == .exited(0))
            try await ProcessTree.ended(isolates)
        }
    }

    @Test @LoopActor
    func `who waits gets 202, streams get a retry hint, the job stays on disk, and the next host ends it`() async throws
    {
        let manifest = TestManifest.bundled([("host.drain", "2s")])
        let gate = Gate()
        let upstream = try HuggingFaceScript([.held(gate)])
        try await withEdge(EdgeOptions(manifest: manifest, environment: upstream.environment)) { host in
            let waiting = try await host.connect()
            waiting.request("POST", "/generate", body: Array(#"{"prompt":"a fox"}"#.utf8))
            try await upstream.called(1)
            let stream = try await host.connect()
            stream.request(
                "POST",
                "/generate",
                [("Accept", "text/event-stream")],
                body: Array(#"{"prompt":"a fox"}"#.utf8)
            )
            _ = try await stream.head()
            _ = try await stream.event()
            host.signal(SIGTERM)
            let answer = try await waiting.answer()
            var last: ProbeEvent?
            while let event = try await stream.event() { if !event.isComment { last = event } }
            let exit = try await host.ended()
            let id = try #require(answer.json["id"]?.string)

            #expect(answer.status == 202)
            #expect(answer["Location"]?.hasSuffix("/functions/v1/status/\(id)") == true)
            #expect(last?.retry != nil)
            #expect(exit == .exited(0))
            #expect(host.activeJobs[id] != nil)

            try await host.start()
            #expect(try await host.finished(id)["state"] == "succeeded")
            #expect(upstream.calls == 2)
        }
    }

    @Test @LoopActor func `what ends within the drain is answered as ever`() async throws {
        let gate = Gate()
        let upstream = try HuggingFaceScript([.held(gate)])
        let manifest = TestManifest.bundled([("host.drain", "5m")])
        try await withEdge(EdgeOptions(manifest: manifest, environment: upstream.environment)) { host in
            let waiting = try await host.connect()
            waiting.request("POST", "/generate", body: Array(#"{"prompt":"a fox"}"#.utf8))
            try await upstream.called(1)
            let ready = try await host.connect()
            host.signal(SIGTERM)
            try await eventually(
                "readyz to turn",
                asking: {
                    ready.request("GET", "/readyz")
                    return try await ready.answer().status == 503
                }
            )
            gate.open()
            let answer = try await waiting.answer()

            #expect(answer.status == 200)
            #expect(answer.content == HuggingFaceScript.content("a fox"))
            #expect(try await host.ended() == .exited(0))
            #expect(upstream.calls == 1)
        }
    }

    @Test @LoopActor func `a second signal ends it at once, and nothing is lost`() async throws {
        let manifest = TestManifest.bundled([("host.drain", "5m")])
        let gate = Gate()
        let upstream = try HuggingFaceScript([.held(gate)])
        try await withEdge(EdgeOptions(manifest: manifest, environment: upstream.environment)) { host in
            let id = try await host.accepted("a fox")
            try await upstream.called(1)
            let isolates = host.isolates
            let ready = try await host.connect()
            host.signal(SIGTERM)
            try await eventually(
                "readyz to turn",
                asking: {
                    ready.request("GET", "/readyz")
                    return try await ready.answer().status == 503
                }
            )
            host.signal(SIGTERM)
            _ = try await host.ended()

            try await ProcessTree.ended(isolates)
            try await host.start()
            #expect(try await host.finished(id)["state"] == "succeeded")
        }
    }

    @Test @LoopActor func `the listener stays open for a moment, so that a platform can take it out`() async throws {
        // On a busy machine the moment can pass between two looks of this test: then another host is asked.
        var late: ProbeAnswer?
        for _ in 1...20 where late == nil {
            try await withEdge { host in
                host.signal(SIGTERM)
                var answer = try? await host.get("/readyz")
                while answer?.status == 200 { answer = try? await host.get("/readyz") }
                late = answer
                let end = try await host.ended()

                #expect(end == .exited(0))
            }
        }

        expectProblem(try #require(late), 503)
    }
}
