// Where a request goes when several providers could do it.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct RoutingTests {
    init() { TestLoop.start() }

    // MARK: Who is asked

    @Test @LoopActor func `the order of the settings holds, and that of the request goes before it`() async throws {
        let providers = try RouteProviders()
        try await withEdge(providers.options([("route.use", ["huggingface", "runware"])])) { host in
            let usual = try await host.ended(["prompt": "a fox"])
            let named = try await host.ended(["prompt": "an owl", "provider": ["openai", "huggingface"]])
            let one = try await host.ended(["prompt": "a hare", "provider": "runware"])

            #expect(usual["provider"] == "huggingface")
            #expect(named["provider"] == "openai")
            #expect(one["provider"] == "runware")
            #expect([usual, named, one].allSatisfy { $0.attempts.count == 1 })
            #expect(providers.calls == [1, 1, 1])
        }
    }

    @Test @LoopActor func `only providers whose secrets are set take part`() async throws {
        let providers = try RouteProviders()
        var options = providers.options()
        options.environment = providers.openai.environment
        try await withEdge(options) { host in
            let done = try await host.ended(["prompt": "a fox"])
            let named = try await host.generate(["prompt": "an owl", "provider": "runware"])

            #expect(done["provider"] == "openai")
            expectProblem(named, 424, naming: ["runware", "RUNWARE_API_KEY"])
            try await eventually("the job on disk") { host.doneJobs.count == 1 }
            let lanes = host.doneJobs.values.first?["lanes"]?.array ?? []
            #expect(lanes.map { $0["provider"]?.string } == ["openai"])
            #expect(providers.runware.calls + providers.huggingface.upstream.calls == 0)
        }
    }

    @Test @LoopActor func `the cheapest is asked first, and who has no known price last`() async throws {
        let providers = try RouteProviders(openai: try OpenAIScript(then: .text(500, "down")))
        let prices: JSONValue = [
            ["provider": "huggingface", "microdollars": 2000], ["provider": "openai", "microdollars": 500],
        ]
        let options = providers.options([("prices", prices), ("route.choose", "cheapest")])
        try await withEdge(options) { host in
            let done = try await host.ended(["prompt": "a fox"])

            #expect(done.lanesTried == ["openai", "huggingface"])
            #expect(done["cost"] == 2000, "what the price sheet says, where the provider tells nothing")
            #expect(done["costEstimated"] == true)
            #expect(providers.calls == [0, 1, 1])
            #expect(providers.runware.calls == 0)
        }
    }

    @Test @LoopActor func `the fastest is asked once all have been seen`() async throws {
        let slow = try HuggingFaceScript { _, request in
            let picture = HuggingFaceScript.picture(HuggingFaceScript.prompt(of: request))
            return .wire(ScriptedAnswer.bytes(picture, type: "image/png").after(.milliseconds(600)))
        }
        let providers = try RouteProviders(huggingface: slow)
        let options = providers.options([
            ("route.choose", "fastest"), ("route.use", ["huggingface", "openai"]),
        ])
        try await withEdge(options) { host in
            var asked: [String?] = []
            for number in 0..<5 {
                // What the host has measured: on a busy machine any call may have been the slow one.
                let slow = try await host.lane("huggingface")["median"]?.double
                let quick = try await host.lane("openai")["median"]?.double
                asked.append(try await host.ended(["prompt": .string("fox \(number)")])["provider"]?.string)
                guard let slow, let quick else { continue }
                #expect(asked.last == (quick < slow ? "openai" : "huggingface"), "\(quick), \(slow)")
            }

            #expect(asked.prefix(2) == ["huggingface", "openai"])
            #expect(providers.calls == [0, asked.count { $0 == "huggingface" }, asked.count { $0 == "openai" }])
            #expect(try await host.lane("huggingface")["median"]?.double ?? 0 >= 0.6)
        }
    }

    @Test @LoopActor func `weights share the work out`() async throws {
        let providers = try RouteProviders()
        let options = providers.options([
            ("route.choose", "weighted"), ("route.weights", ["runware": 0, "huggingface": 1, "openai": 1]),
        ])
        try await withEdge(options) { host in
            var counts: [String: Int] = [:]
            for number in 0..<40 {
                let done = try await host.ended(["prompt": .string("fox \(number)")])
                counts[done["provider"]?.string ?? "?", default: 0] += 1
            }

            // Twelve standard deviations from the mean would be none at all.
            #expect(counts["huggingface"] ?? 0 > 4 && counts["openai"] ?? 0 > 4, "\(counts)")
            #expect(counts["runware"] == nil)
            #expect(providers.calls == [0, counts["huggingface"], counts["openai"]])
        }
    }

    // MARK: Handing over

    @Test(
        "A provider that fails hands over, and the document says why",
        arguments: [
            ("500", "failed"), ("reset", "no answer"), ("401", "token"), ("402", "credit"), ("404", "does not exist"),
            ("no image", "no usable image"),
        ]
    )
    @LoopActor func handsOver(fault: String, why: String) async throws {
        let reply: HuggingFaceScript.Reply =
            switch fault {
            case "500": .error(500, "unknown error")
            case "reset": .reset
            case "401": .error(401, "Invalid credentials in Authorization header")
            case "402": .error(402, "You have depleted your monthly included credits.")
            case "404": .error(404, "Model does not exist")
            default: .body(Array("<html>sign in</html>".utf8), type: "text/html")
            }
        let providers = try RouteProviders(huggingface: try HuggingFaceScript(then: reply))
        try await withEdge(providers.options([("route.use", ["huggingface", "openai"])])) { host in
            let done = try await host.ended(["prompt": "a fox"])
            let first = try #require(done.attempts.first)

            #expect(done["state"] == "succeeded")
            #expect(done.lanesTried == ["huggingface", "openai"], "\(done.text())")
            #expect(done.outcomes == ["failed", "succeeded"])
            #expect(first["movedOn"]?.string?.lowercased().contains(why) == true, "\(first.text())")
            #expect(done.attempts.last?["passed"]?.array?.first?["lane"] == "huggingface")
            #expect(first["perhapsPaid"] == (fault == "500" || fault == "reset" || fault == "no image" ? true : nil))
            #expect(providers.huggingface.calls == 1)
            #expect(providers.openai.calls == 1)
        }
    }

    @Test @LoopActor func `a request that is at fault goes to nobody else`() async throws {
        let refused = try HuggingFaceScript(then: .error(400, "`height` and `width` have to be divisible by 8"))
        let providers = try RouteProviders(huggingface: refused)
        try await withEdge(providers.options([("route.use", ["huggingface", "openai"])])) { host in
            let done = try await host.ended(["prompt": "a fox"])

            #expect(done["state"] == "failed")
            #expect(done.lanesTried == ["huggingface"])
            #expect(providers.calls == [0, 1, 0])
        }
    }

    @Test @LoopActor func `retries and hand-overs together stay inside the attempts`() async throws {
        let providers = try RouteProviders(
            runware: try RunwareScript(then: .refused("insufficientCredits", status: 402)),
            huggingface: try HuggingFaceScript(then: .error(402, "no credit")),
            openai: try OpenAIScript(then: .text(500, "down"))
        )
        let options = providers.options(manifest: [("functions.generate.job.attempts", 4)])
        try await withEdge(options) { host in
            let done = try await host.ended(["prompt": "a fox"])

            #expect(done["state"] == "failed")
            #expect(done.lanesTried == ["runware", "huggingface", "openai", "openai"], "\(done.text())")
            #expect(providers.calls == [1, 1, 2])
        }
    }

    @Test @LoopActor
    func `a provider that is narrower than it seemed hands over, and alone refuses with what it can do`()
        async throws
    {
        let nscale = try RouterScript(.nscale)
        let runware = try RunwareScript()
        var options = EdgeOptions(
            environment: runware.environment + [
                ("RUNWARE_DELIVERY", "sync"), ("HUGGINGFACE_API_KEY", HuggingFaceScript.key),
                ("HUGGINGFACE_BASE_URL", nscale.router.url), ("HUGGINGFACE_HUB_URL", nscale.router.url),
            ]
        )
        options.settings = TestSettings.bundled([
            ("results.allow", ["127.0.0.1"]), ("route.use", ["huggingface", "runware"]),
            ("models.painter", ["huggingface": .string(RouterScript.model), "runware": "runware:100@1"]),
        ])
        try await withEdge(options) { host in
            let body: JSONValue = ["prompt": "a fox", "model": "painter", "negative_prompt": "rain"]
            var alone = body.object ?? [:]
            alone["provider"] = "huggingface"
            let done = try await host.ended(body)
            let refused = try await host.generate(.object(alone))

            #expect(done.lanesTried == ["huggingface", "runware"], "\(done.text())")
            #expect(done["state"] == "succeeded")
            #expect(done.attempts.first?["movedOn"]?.string?.contains("nscale") == true)
            expectProblem(refused, 400, naming: ["nscale", "negative_prompt", "width"])
            #expect(runware.sent.count == 1 && runware.paid(for: "a fox") == 1)
            #expect(nscale.begun == 0)
            #expect(try await host.lane("huggingface")["circuit"] == "closed")

            alone["lenient"] = true
            let lenient = try await host.ended(.object(alone))
            #expect(lenient["dropped"] == ["negative_prompt"], "\(lenient.text())")
        }
    }

    @Test @LoopActor func `a model that does not take a parameter hands over to one that may`() async throws {
        let more = #""parameter":"negativePrompt""#
        let providers = try RouteProviders(
            runware: try RunwareScript(then: .refused("unsupportedParameter", more: more))
        )
        try await withEdge(providers.options([("route.use", ["runware", "huggingface"])])) { host in
            let done = try await host.ended(["prompt": "a fox", "negative_prompt": "rain"])

            #expect(done.lanesTried == ["runware", "huggingface"], "\(done.text())")
            #expect(done.attempts.first?["movedOn"]?.string?.contains("negative_prompt") == true)
            #expect(providers.calls == [1, 1, 0])
            #expect(try await host.lane("runware")["circuit"] == "closed")
        }
    }

    @Test @LoopActor func `a model that loads for longer than the caller waits hands over to a warm one`() async throws
    {
        let providers = try RouteProviders(huggingface: try HuggingFaceScript([.loading(300), .loading(1)]))
        try await withEdge(providers.options([("route.use", ["huggingface", "openai"])])) { host in
            let moved = try await host.waitedFor(["prompt": "a fox"])
            let stayed = try await host.waitedFor(["prompt": "an owl"])

            #expect(moved.lanesTried == ["huggingface", "openai"], "\(moved.text())")
            #expect(moved.outcomes == ["deferred", "succeeded"])
            #expect(moved.attempts.first?["movedOn"]?.string?.contains("loading") == true)
            #expect(stayed.lanesTried == ["huggingface", "huggingface"], "\(stayed.text())")
            #expect(providers.calls == [0, 3, 1])
        }
    }

    @Test @LoopActor
    func `a model that loads without saying how long is a call each time, and no task of its provider`()
        async throws
    {
        let loading = ScriptedAnswer.json(503, #"{"error":"Model is currently loading"}"#)
        let providers = try RouteProviders(huggingface: try HuggingFaceScript([.wire(loading), .wire(loading)]))
        try await withEdge(providers.options()) { host in
            let done = try await host.ended(["prompt": "a fox", "provider": "huggingface"])

            #expect(done.outcomes == ["deferred", "deferred", "succeeded"], "\(done.text())")
            #expect(done.attempts.allSatisfy { $0["resumes"] == nil })
            #expect(providers.huggingface.calls == 3)
        }
    }

    @Test @LoopActor
    func `a quota that would make the job late hands over; a job that nobody waits for keeps its lane`()
        async throws
    {
        let providers = try RouteProviders()
        let options = providers.options([
            ("route.use", ["huggingface", "openai"]), ("quotas.huggingface", ["every": "10m"]),
        ])
        try await withEdge(options) { host in
            let first = try await host.waitedFor(["prompt": "a fox"])
            let second = try await host.waitedFor(["prompt": "an owl"])
            let patient = try await host.accepted("a hare")
            let state = try await host.job(patient)

            #expect(first["provider"] == "huggingface")
            #expect(second["provider"] == "openai")
            let passed = try #require(second.attempts.first?["passed"]?.array?.first)
            #expect(passed["lane"] == "huggingface")
            #expect(passed["reason"]?.string?.contains("quota") == true)
            #expect(state["state"] == "queued")
            #expect(providers.huggingface.calls == 1)
        }
    }

    // MARK: The request

    @Test @LoopActor func `an alias is each provider's own id, and a preset gives way field by field`() async throws {
        let providers = try RouteProviders(
            runware: try RunwareScript(then: .refused("insufficientCredits", status: 402))
        )
        try await withEdge(providers.options([("route.use", ["runware", "huggingface"])])) { host in
            let done = try await host.ended([
                "prompt": "a fox", "model": "flux-schnell", "preset": "poster", "width": 512,
            ])
            let sent = try #require(providers.runware.sent.first)
            let body = try JSONValue.parse(try #require(providers.huggingface.images.first).body)

            #expect(done["state"] == "succeeded")
            #expect(sent["model"] == "runware:100@1")
            #expect(sent["width"] == 512 && sent["height"] == 1216)
            #expect(done["model"] == "black-forest-labs/FLUX.1-schnell")
            #expect(body["parameters"]?["width"] == 512 && body["parameters"]?["height"] == 1216)
            expectProblem(try await host.generate(["prompt": "x", "preset": "postre"]), 400, naming: ["poster"])
            #expect(providers.calls == [1, 1, 0])
        }
    }

    @Test @LoopActor func `what a provider cannot do is refused with its name and what it can, or left out and told`()
        async throws
    {
        let providers = try RouteProviders()
        try await withEdge(providers.options()) { host in
            let body: JSONValue = ["prompt": "a fox", "provider": "openai", "scheduler": "Euler"]
            var lenient = body.object ?? [:]
            lenient["lenient"] = true
            let refused = try await host.generate(body)
            let done = try await host.ended(.object(lenient))

            expectProblem(refused, 400, naming: ["openai", "scheduler", "width", "lenient"])
            #expect(refused.json["field"] == "scheduler")
            #expect(done["state"] == "succeeded")
            #expect(done["dropped"] == ["scheduler"], "\(done.text())")
            #expect(providers.calls == [0, 0, 1])
        }
    }
}
