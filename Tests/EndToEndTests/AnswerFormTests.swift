// In which form an answer comes: by Accept, by client, by Prefer.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct AnswerFormTests {
    init() { TestLoop.start() }

    private static let fox: JSONValue = ["prompt": "a fox", "width": 64, "height": 64]

    @Test @LoopActor func `Accept and the client decide the form, for new and for cached images`() async throws {
        let forms: [(Headers, String)] = [
            ([], "image/png"), ([("Accept", "*/*")], "image/png"), ([("Accept", "image/*")], "image/png"),
            ([("Accept", "image/avif,image/webp,image/*,*/*;q=0.8")], "image/png"),
            ([("Accept", "application/json")], "application/json"),
            ([("Accept", "application/json, image/*;q=0.5")], "application/json"),
            ([("Accept", "text/event-stream")], "text/event-stream"),
            ([("Accept", "application/octet-stream")], "application/octet-stream"),
            ([("X-Client-Info", "supabase-js/2.99.0; runtime=web")], "application/json"),
            ([("Accept", "*/*"), ("X-Client-Info", "supabase-js/2.99.0")], "application/json"),
            ([("Accept", "image/*"), ("X-Client-Info", "supabase-js/2.99.0")], "image/png"),
            ([("Accept", "*/*"), ("X-Client-Info", "other/1")], "image/png"),
        ]
        try await withEdge { host in
            for (index, (headers, type)) in forms.enumerated() {
                let body: JSONValue = ["prompt": .string("fox \(index)"), "width": 64, "height": 64]
                for round in ["new", "cached", "cached again"] {
                    let answer = try await host.generate(body, headers)
                    let what = Comment(rawValue: "\(round) \(headers): \(answer.status) \(answer.headers)")

                    #expect(answer.status == 200, what)
                    #expect(answer["Content-Type"]?.hasPrefix(type) == true, what)
                    let vary = answer.all("Vary").lowercased()
                    #expect(vary.contains("accept") && vary.contains("x-client-info"), what)
                }
            }
        }
    }

    @Test @LoopActor func `the job document names an image that can be fetched`() async throws {
        try await withEdge { host in
            let image = try await host.generate(Self.fox)
            let document = try await host.generate(Self.fox, [("Accept", "application/json")]).json
            let told = try #require(document["images"]?.array?.first)
            let url = try #require(told["url"]?.string)
            let path = try #require(url.firstRange(of: "/images/")).lowerBound
            let fetched = try await host.get(String(url[path...]))

            #expect(url.hasPrefix("http://edge.test/images/"))
            #expect(document["state"] == "succeeded")
            #expect(document["version"]?.integer != nil)
            #expect(document["provider"] == "sandbox")
            #expect(told["width"] == 64)
            #expect(told["height"] == 64)
            #expect(told["type"] == "image/png")
            #expect(told["bytes"]?.integer == Int64(image.body.count))
            #expect(fetched.status == 200)
            #expect(fetched.content == image.content)
            #expect(fetched["Cache-Control"]?.contains("immutable") == true)
        }
    }

    @Test @LoopActor func `respond-async answers 202 with a Location that leads to the image`() async throws {
        try await withEdge { host in
            let answer = try await host.generate(Self.fox, [("Prefer", "respond-async")])
            let location = try #require(answer["Location"])
            let id = try #require(answer.json["id"]?.string)
            let done = try await host.finished(id)

            #expect(answer.status == 202)
            #expect(answer.number("Retry-After") ?? 0 > 0)
            #expect(answer["Preference-Applied"]?.contains("respond-async") == true)
            #expect(location.hasSuffix("/functions/v1/status/\(id)"))
            #expect(["queued", "running", "waiting", "succeeded"].contains(answer.json["state"]?.string))
            #expect(done["state"] == "succeeded")
            #expect(done["images"]?.array?.count == 1)
            for time in ["created", "started", "finished"] {
                #expect(done[time]?.string?.hasSuffix("Z") == true, "\(time)")
            }
        }
    }

    @Test @LoopActor func `a POST waits as long as it asks, or as the manifest says, and then gets 202`() async throws {
        let manifest = TestManifest.bundled([("functions.generate.job.wait", "1s")])
        let gate = Gate()
        let upstream = try HuggingFaceScript(then: .held(gate))
        try await withEdge(EdgeOptions(manifest: manifest, environment: upstream.environment)) { host in
            async let byManifest = host.generate("a fox")
            async let asked = host.generate("a hen", [("Prefer", "wait=1")])
            async let patient = host.generate("a cow", [("Prefer", "wait=100")])
            async let picture = host.get("/generate?prompt=a+goat")
            let (first, second) = try await (byManifest, asked)
            gate.open()
            let (third, fourth) = try await (patient, picture)

            #expect(first.status == 202)
            #expect(first["Location"] != nil)
            #expect(second.status == 202)
            #expect(second["Preference-Applied"]?.contains("wait=1") == true)
            #expect(third.status == 200)
            #expect(fourth.status == 200, "a GET waits up to 120 s")
            let id = try #require(first.json["id"]?.string)
            #expect(try await host.finished(id)["state"] == "succeeded")
        }
    }

    @Test @LoopActor func `an event stream tells progress and ends with the document`() async throws {
        try await withEdge(EdgeOptions(environment: [("EDGE_SANDBOX_TIME", "2")])) { host in
            let probe = try await host.connect()
            probe.request("POST", "/generate", [("Accept", "text/event-stream")], body: Self.fox.encoded())
            let head = try await probe.head()
            var events: [ProbeEvent] = []
            while let event = try await probe.event() { if !event.isComment { events.append(event) } }
            let fractions = events.compactMap { $0.json["progress"]?["fraction"]?.double }

            #expect(head.status == 200)
            #expect(head["Content-Type"]?.hasPrefix("text/event-stream") == true)
            #expect(!fractions.isEmpty)
            #expect(fractions == fractions.sorted())
            #expect(events.last?.json["state"] == "succeeded")
            #expect(events.last?.json["images"]?.array?.first?["url"]?.string?.hasPrefix("http://") == true)
            probe.leave()
        }
    }

    @Test @LoopActor func `nothing that Accept names is 406 and says what there is`() async throws {
        try await withEdge { host in
            let answer = try await host.generate(Self.fox, [("Accept", "text/html")])

            expectProblem(answer, 406, naming: ["image/*", "application/json", "text/event-stream"])
            #expect(answer["Vary"]?.contains("Accept, X-Client-Info") == true, "a cache must not keep it for others")
            #expect(host.doneJobs.isEmpty && host.activeJobs.isEmpty)
        }
    }
}
