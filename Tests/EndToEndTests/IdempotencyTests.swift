// A request that is sent again with its Idempotency-Key is the same job.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct IdempotencyTests {
    init() { TestLoop.start() }

    private static let json = [("Accept", "application/json")]

    private static func key(_ key: String, _ more: Headers = json) -> Headers { more + [("Idempotency-Key", key)] }

    @Test @LoopActor func `the same key gives the same job, also with fresh, and another body 422`() async throws {
        try await withEdge { host in
            let fox: JSONValue = ["prompt": "a fox", "width": 64, "height": 64, "fresh": true]
            let first = try await host.generate(fox, Self.key("\"k-1\""))
            let again = try await host.generate(fox, Self.key("k-1"))
            let image = try await host.generate(fox, Self.key("k-1", []))
            let other = try await host.generate("a hen", Self.key("k-1"))
            let new = try await host.generate(fox, Self.key("k-2"))

            #expect(first.status == 200, "\(first.text)")
            #expect(again.status == 200, "\(again.text)")
            #expect(again.json["id"] == first.json["id"])
            #expect(again.json["images"]?.array?.first?["sha256"] == first.json["images"]?.array?.first?["sha256"])
            #expect(again.json["attempts"]?.array?.count == 1)
            #expect(
                image["Content-Location"]?.contains(first.json["images"]?.array?.first?["sha256"]?.string ?? "-")
                    == true
            )
            #expect(other.status == 422)
            #expect(other.json["code"] == "idempotency_key_reused")
            #expect(new.json["id"] != first.json["id"])
        }
    }

    @Test @LoopActor func `while the job runs the second request gets the same one and waits for it`() async throws {
        let environment = [("EDGE_SANDBOX_TIME", "1")]
        try await withEdge(EdgeOptions(environment: environment)) { host in
            let prompt: JSONValue = ["prompt": "a slow fox", "fresh": true]
            let first = try await host.generate(prompt, Self.key("slow", Self.json + [("Prefer", "respond-async")]))
            let second = try await host.generate(prompt, Self.key("slow"))

            #expect(first.status == 202)
            #expect(second.status == 200, "\(second.text)")
            #expect(second.json["id"] == first.json["id"])
            #expect(second.json["state"] == "succeeded")
        }
    }

    @Test @LoopActor func `a key is known after the host was killed, of ended jobs and of one under way`() async throws
    {
        let host = EdgeHost(EdgeOptions(environment: [("EDGE_SANDBOX_TIME", "1")]))
        try await withEdge(host) { host in
            let fox: JSONValue = ["prompt": "a fox", "fresh": true]
            let ended = try await host.generate(fox, Self.key("ended"))
            try await eventually("the end on disk") { host.doneJobs.count == 1 }
            let running = try await host.generate(
                ["prompt": "a hen", "fresh": true],
                Self.key("running", Self.json + [("Prefer", "respond-async")])
            )
            try await host.kill()
            try await host.start()
            let endedAgain = try await host.generate(fox, Self.key("ended"))
            let runningAgain = try await host.generate(["prompt": "a hen", "fresh": true], Self.key("running"))
            let other = try await host.generate("a cow", Self.key("ended"))

            #expect(endedAgain.status == 200, "\(endedAgain.text)")
            #expect(endedAgain.json["id"] == ended.json["id"])
            #expect(runningAgain.status == 200, "\(runningAgain.text)")
            #expect(runningAgain.json["id"] == running.json["id"])
            #expect(other.status == 422)
        }
    }

    @Test @LoopActor func `a cached image that is asked for with a key becomes that key's job`() async throws {
        try await withEdge { host in
            let made = try await host.generate("a fox", Self.json)
            // Its file is there before the host knows of it: until then the next request follows the job that made it.
            try await eventually("an answer out of the cache") {
                try await host.generate("a fox", Self.json).json["attempts"] == []
            }
            let plain = try await host.generate("a fox", [])
            let keyed = try await host.generate("a fox", Self.key("c"))
            let again = try await host.generate("a fox", Self.key("c"))
            let bytes = try await host.generate("a fox", Self.key("c", []))
            let other = try await host.generate("a hen", Self.key("c"))
            try await host.restart()
            let late = try await host.generate("a fox", Self.key("c"))

            #expect(keyed.status == 200, "\(keyed.text)")
            #expect(keyed.json["id"] != made.json["id"])
            #expect(keyed.json["attempts"] == [])
            #expect(again.json["id"] == keyed.json["id"])
            #expect(late.json["id"] == keyed.json["id"])
            #expect(bytes.content == plain.content)
            #expect(other.status == 422)
            #expect(try await host.job(keyed.json["id"]?.string ?? "-")["state"] == "succeeded")
        }
    }

    @Test @LoopActor func `what recall knows is not the answer to a request with a key`() async throws {
        try await withEdge { host in
            for _ in 0..<3 { _ = try await host.generate("a fox") }
            let keyed = try await host.generate("a fox", Self.key("r", []))
            let other = try await host.generate("a hen", Self.key("r", []))

            #expect(keyed.status == 200)
            #expect(other.status == 422)
        }
    }

    @Test @LoopActor func `a failure is told again, and a deleted job's key is free`() async throws {
        let environment = [("EDGE_SANDBOX_FAIL", "1")]
        try await withEdge(
            EdgeOptions(
                manifest: TestManifest.bundled([("functions.generate.job.attempts", 1)]),
                environment: environment
            )
        ) { host in
            let first = try await host.generate("a fox", Self.key("f"))
            let again = try await host.generate("a fox", Self.key("f"))
            let id = try #require(first.json["job"]?.string)
            let deleted = try await host.delete("/functions/v1/status/\(id)")
            let new = try await host.generate("a fox", Self.key("f"))

            #expect(first.status >= 400)
            #expect(again.status == first.status)
            #expect(again.json["message"] == first.json["message"])
            #expect(again.json["job"] == first.json["job"])
            #expect(deleted.status == 204)
            #expect(new.json["job"] != first.json["job"])
        }
    }

    @Test @LoopActor func `a bad key is refused, and a GET's is passed over`() async throws {
        try await withEdge { host in
            let long = try await host.generate("a fox", Self.key(String(repeating: "k", count: 256)))
            let get = try await host.get(
                "/functions/v1/generate?prompt=fox",
                Self.key(String(repeating: "k", count: 256), [])
            )

            #expect(long.status == 400)
            #expect(long.json["code"] == "bad_idempotency_key")
            #expect(get.status == 200)
        }
    }

    @Test @LoopActor func `requests of OpenAI's form share their images by key, each of several`() async throws {
        try await withEdge { host in
            let body: JSONValue = ["prompt": "a fox", "size": "64x64", "n": 2]
            let first = try await host.post("/v1/images/generations", body, Self.key("o", []))
            let again = try await host.post("/v1/images/generations", body, Self.key("o", []))
            let more = try await host.post(
                "/v1/images/generations",
                ["prompt": "a fox", "size": "64x64", "n": 3],
                Self.key("o", [])
            )

            #expect(first.status == 200, "\(first.text)")
            #expect(again.json["data"] == first.json["data"])
            #expect(more.status == 422)
            #expect(more.json["error"]?["code"] == "idempotency_key_reused", "\(more.text)")
        }
    }
}
