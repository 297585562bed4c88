// What the README promises and no other test asks.
import EdgeLoop
import Glibc
import JSON
import TestSupport
import Testing

struct PromiseTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `a picture from the cache is an event stream for who asks for one`() async throws {
        let target = "/functions/v1/generate?prompt=a+fox&width=64&height=64"
        try await withEdge { host in
            _ = try await host.get(target)
            // The bytes come before the cache has them.
            try await eventually("its end on disk") { !host.doneJobs.isEmpty }
            let probe = try await host.connect()
            defer { probe.leave() }
            probe.request("GET", target, [("Accept", "text/event-stream")])
            let head = try await probe.head()
            let event = try await probe.event()

            #expect(head["Content-Type"] == "text/event-stream")
            #expect(head["Cache-Status"]?.hasPrefix("edge; hit") == true)
            #expect(event?.name == "done")
            #expect(event?.json["state"] == "succeeded")
            #expect(event?.json["images"]?.array?.count == 1)
        }
    }

    @Test @LoopActor func `the document of a cached picture tells its attempts as an array`() async throws {
        let body: JSONValue = ["prompt": "a fox", "width": 64, "height": 64]
        try await withEdge { host in
            _ = try await host.generate(body, [("Accept", "application/json")])
            let again = try await host.generate(body, [("Accept", "application/json")])

            #expect(again["Cache-Status"]?.hasPrefix("edge; hit") == true)
            #expect(again.json["attempts"]?.array != nil)
        }
    }

    @Test @LoopActor func `a document never names a picture that is gone`() async throws {
        let body: JSONValue = ["prompt": "a fox", "width": 64, "height": 64]
        try await withEdge { host in
            _ = try await host.generate(body, [("Accept", "application/json")])
            try await eventually("the end on disk") { host.activeJobs.isEmpty && host.doneJobs.count == 1 }
            let file = try #require(filesBelow("\(host.state)/images").first)
            unlink(file)
            try await host.restart()  // until then the file is open and sound
            let again = try await host.generate(body, [("Accept", "application/json")])
            let url = try #require(again.json["images"]?.array?.first?["url"]?.string)
            let path = String(url[try #require(url.firstRange(of: "/images/")).lowerBound...])

            #expect(again["Cache-Status"]?.hasPrefix("edge; fwd=miss") == true)
            #expect(try await host.get(path).status == 200)
        }
    }

    @Test @LoopActor func `no stranger can call a function that requires a caller`() async throws {
        let manifest = TestManifest.bundled([("functions.generate.auth", "required")])
        try await withEdge(EdgeOptions(manifest: manifest)) { host in
            let anonymous = try await host.get("/generate?prompt=a+fox")
            let claimed = try await host.get("/generate?prompt=a+fox", [("Authorization", "Bearer x")])

            #expect(anonymous.status == 401)
            #expect(anonymous["WWW-Authenticate"] == "Bearer")
            #expect(anonymous.json["code"] == "caller_unknown")
            #expect(claimed.status == 401)
            #expect(try await host.get("/status").status == 200)
        }
    }
}
