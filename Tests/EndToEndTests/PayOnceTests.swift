// What is paid for a job when answers, processes and hosts are lost on the way.
import EdgeLoop
import Glibc
import JSON
import TestSupport
import Testing

struct PayOnceTests {
    init() { TestLoop.start() }

    private static let runwareOnly: JSONValue = ["prompt": "a kite", "provider": "runware"]

    @LoopActor
    private func options(
        _ environment: [(name: String, value: String)],
        manifest: [(path: String, value: JSONValue)] = []
    ) -> EdgeOptions {
        EdgeOptions(
            manifest: TestManifest.bundled([("functions.generate.job.perDay", 0)] + manifest),
            environment: environment
        )
    }

    @LoopActor
    private func expectPaidOnce(
        _ done: JSONValue,
        _ runware: RunwareScript,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let shown = Comment(rawValue: done.text())
        #expect(done["state"] == "succeeded", shown, sourceLocation: sourceLocation)
        #expect(runware.paidInAll == 1, shown, sourceLocation: sourceLocation)
        #expect(runware.paid.values.allSatisfy { $0 == 1 }, shown, sourceLocation: sourceLocation)
        #expect(done.attempts.allSatisfy { $0["perhapsPaid"] == nil }, shown, sourceLocation: sourceLocation)
    }

    // MARK: A provider that takes our ids

    @Test(
        "An answer that is lost after the side effect costs nothing twice",
        arguments: ["reset", "cut", "cut and reset", "502", "half a document"],
        ["async", "sync"]
    )
    @LoopActor func lostAnswers(fault: String, delivery: String) async throws {
        let play: RunwarePlay =
            switch fault {
            case "reset": .lostAfter
            case "cut": .cutAfter(20)
            case "cut and reset": .cutAfter(120, reset: true)
            case "502": .taken(RunwareScript.page(502))
            default: .taken(.json(200, #"{"data":[{"taskType"#))
            }
        let runware = try RunwareScript([play])
        try await withEdge(options(runware.environment + [("RUNWARE_DELIVERY", delivery)])) { host in
            let done = try await host.ended(Self.runwareOnly)

            expectPaidOnce(done, runware)
            #expect(runware.sent.count == 1)
            #expect(done.attempts.dropFirst().allSatisfy { $0["resumes"] == true || $0["unsure"] == true })
        }
    }

    @Test @LoopActor func `a call that passes its time is asked about, and not made again`() async throws {
        let runware = try RunwareScript([.silentAfter])
        // Later attempts may pass their time too, where the machine is slow.
        let manifest: [(String, JSONValue)] = [
            ("functions.generate.job.timeout", "2s"), ("functions.generate.job.attempts", 20),
        ]
        try await withEdge(options(runware.environment, manifest: manifest)) { host in
            let done = try await host.ended(Self.runwareOnly)

            expectPaidOnce(done, runware)
            #expect(runware.sent.count == 1)
            #expect(done.attempts.dropFirst().first?["unsure"] == true, "\(done.text())")
            #expect(Set(done.attempts.prefix(2).compactMap { $0["id"]?.string }).count == 1)
        }
    }

    @Test("A kill while the provider works", arguments: ["host", "isolate"], ["async", "sync"])
    @LoopActor func kills(victim: String, delivery: String) async throws {
        let gate = Gate()
        let runware = try RunwareScript([.held(gate)])
        try await withEdge(options(runware.environment + [("RUNWARE_DELIVERY", delivery)])) { host in
            let id = try await host.accepted(Self.runwareOnly)
            try await runware.called(1)
            if victim == "host" {
                try await host.restart()
            } else {
                for process in host.isolates where ProcessTree.name(of: process) == "generate" {
                    ProcessTree.kill(process)
                }
            }
            let done = try await host.finished(id)

            expectPaidOnce(done, runware)
            #expect(runware.sent.count == 1)
            #expect(done.outcomes.first == (victim == "host" ? "lost" : "failed"))
            #expect(done.attempts.dropFirst().first?["unsure"] == true, "\(done.text())")
        }
    }

    @Test @LoopActor func `a call that never arrived is sent again under the same id`() async throws {
        let runware = try RunwareScript([.lostBefore, .lostBefore])
        try await withEdge(options(runware.environment)) { host in
            let done = try await host.ended(Self.runwareOnly)

            expectPaidOnce(done, runware)
            #expect(Set(runware.sent.map { $0["taskUUID"]?.string }).count == 1)
            #expect(runware.sent.count == 3)
        }
    }

    @Test @LoopActor func `a task that failed is over: the next attempt is another task, or another provider`()
        async throws
    {
        let runware = try RunwareScript([
            .fails("inferenceError", inside: true), .normal, .fails("inferenceError", inside: false),
        ])
        let openai = try OpenAIScript()
        try await withEdge(options(runware.environment + openai.environment)) { host in
            let again = try await host.ended(Self.runwareOnly)
            let moved = try await host.ended(["prompt": "an owl", "provider": ["runware", "openai"]])

            #expect(again["state"] == "succeeded", "\(again.text())")
            #expect(Set(runware.sent.map { $0["taskUUID"]?.string }).count == 3)
            #expect(runware.paid(for: "a kite") == 1)
            #expect(moved["provider"] == "openai", "\(moved.text())")
            #expect(openai.calls == 1)
            #expect(runware.questions < 8, "a failed task is not asked about again: \(runware.questions)")
        }
    }

    @Test @LoopActor
    func `a provider that does not answer any more is left, and the attempt says that it is perhaps paid`()
        async throws
    {
        let runware = try RunwareScript(
            then: .taken(RunwareScript.page(502)).questions(Array(repeating: .reset, count: 99))
        )
        let openai = try OpenAIScript()
        try await withEdge(options(runware.environment + openai.environment)) { host in
            let done = try await host.ended(["prompt": "an owl", "provider": ["runware", "openai"]])

            #expect(done["provider"] == "openai", "\(done.text())")
            #expect(done.attempts.count { $0["perhapsPaid"] == true } == 1)
            #expect(runware.sent.count == 1)
            #expect(runware.questions == 5, "a few, within seconds")
            #expect(openai.calls == 1)
        }
    }

    @Test @LoopActor func `where there is no other provider the asking goes on, and finds what was paid`() async throws
    {
        // One more than its function asks at a stretch: the host's own next attempts ask again.
        let runware = try RunwareScript([
            .taken(RunwareScript.page(502)).questions(Array(repeating: .reset, count: 6))
        ])
        try await withEdge(options(runware.environment)) { host in
            let done = try await host.ended(Self.runwareOnly)

            expectPaidOnce(done, runware)
            #expect(runware.sent.count == 1)
            #expect(runware.questions == 7)
        }
    }

    @Test @LoopActor func `a provider that is not there is left at once, and nothing is perhaps paid`() async throws {
        let dead = try DeadServer(.noListener)
        let openai = try OpenAIScript()
        let runware = [("RUNWARE_API_KEY", RunwareScript.key), ("RUNWARE_BASE_URL", dead.url + "/v1")]
        let environment = runware.map { (name: $0.0, value: $0.1) } + openai.environment
        try await withEdge(options(environment)) { host in
            let done = try await host.ended(["prompt": "an owl", "provider": ["runware", "openai"]])

            #expect(done["provider"] == "openai", "\(done.text())")
            #expect(done.lanesTried == ["runware", "openai"])
            #expect(done.attempts.allSatisfy { $0["perhapsPaid"] == nil && $0["unsure"] == nil })
            #expect(openai.calls == 1)
        }
    }

    // MARK: A provider that takes none

    @Test @LoopActor func `without ids an attempt says that it is perhaps paid, and settings decide`() async throws {
        for setting in ["retry", "fail"] {
            let upstream = try HuggingFaceScript([.reset])
            let manifest: [(String, JSONValue)] = [("functions.generate.job.perhapsPaid", .string(setting))]
            try await withEdge(options(upstream.environment, manifest: manifest)) { host in
                let done = try await host.ended(["prompt": "a fox"])

                #expect(done["state"]?.string == (setting == "retry" ? "succeeded" : "failed"), "\(done.text())")
                #expect(done.attempts.first?["perhapsPaid"] == true)
                #expect(upstream.calls == (setting == "retry" ? 2 : 1))
                if setting == "fail" { #expect(done["error"]?["message"]?.string?.contains("paid") == true) }
            }
        }
    }

    // MARK: Providers that queue

    private static let queueing = [RouterScript.Served.falAI, .replicate]

    @LoopActor
    private func environment(_ script: RouterScript) -> [(name: String, value: String)] {
        [
            ("HUGGINGFACE_API_KEY", HuggingFaceScript.key), ("HUGGINGFACE_BASE_URL", script.router.url),
            ("HUGGINGFACE_HUB_URL", script.router.url),
        ]
    }

    private static let leaving = [
        (RouterScript.Served.falAI, false), (RouterScript.Served.replicate, false),
        (RouterScript.Served.replicate, true),
    ]

    private static let routed: JSONValue = ["prompt": "a fox", "model": .string(RouterScript.model)]

    @Test("A cancelled task is cancelled at its provider", arguments: queueing)
    @LoopActor func cancels(served: RouterScript.Served) async throws {
        let script = try RouterScript(served, fault: .never)
        try await withEdge(options(environment(script))) { host in
            let id = try await host.accepted(Self.routed)
            _ = try await host.job(id) { $0["state"] == "waiting" }
            let answer = try await host.delete("/functions/v1/status/\(id)")
            try await eventually("the cancellation") { script.cancels.count == 1 }

            #expect((200..<300).contains(answer.status), "\(answer.text)")
            #expect(try await host.job(id)["state"] == "canceled")
            #expect(script.begun == 1)
        }
    }

    @Test("A hand-over cancels the task that it leaves, unless that is over", arguments: leaving)
    @LoopActor func leaves(served: RouterScript.Served, isOver: Bool) async throws {
        let script = try RouterScript(served, fault: .fails("out of memory"), looksNeeded: 0)
        let router = try ScriptedUpstream { request in
            let isLook = request.method == "GET" && !request.path.hasPrefix("/api/models/")
            return isLook && !isOver ? .json(402, #"{"error":"no credit"}"#) : script.answer(request)
        }
        let openai = try OpenAIScript()
        var options = options(
            [
                ("HUGGINGFACE_API_KEY", HuggingFaceScript.key), ("HUGGINGFACE_BASE_URL", router.url),
                ("HUGGINGFACE_HUB_URL", router.url),
            ] + openai.environment
        )
        options.settings = TestSettings.bundled([
            ("route.use", ["huggingface", "openai"]),
            ("models.painter", ["huggingface": .string(RouterScript.model), "openai": "gpt-image-1"]),
        ])
        options.manifest = TestManifest.bundled([("functions.generate.job.perDay", 0), ("host.drain", "100s")])
        try await withEdge(options) { host in
            let done = try await host.ended(["prompt": "a fox", "model": "painter"])
            // What was to be cancelled is cancelled before the host has ended.
            host.signal(SIGTERM)
            #expect(try await host.ended() == .exited(0))

            #expect(done["state"] == "succeeded", "\(done.text())")
            #expect(done.lanesTried == ["huggingface", "huggingface", "openai"])
            #expect(script.begun == 1)
            #expect(openai.calls == 1)
            #expect(script.cancels.count == (isOver ? 0 : 1))
        }
    }

    @Test("A queued task holds no isolate and goes on after a kill", arguments: ["runware", "fal-ai", "replicate"])
    @LoopActor func holdsNoIsolate(provider: String) async throws {
        let ready = Gate()
        let runware = try RunwareScript(then: .normal.until(ready))
        let served = RouterScript.Served(rawValue: provider)
        let script = try served.map { try RouterScript($0, looksNeeded: 0, ready: ready) }
        let environment = script.map { self.environment($0) } ?? runware.environment
        let manifest: [(String, JSONValue)] = [("functions.generate.idle", "1s")]
        try await withEdge(options(environment, manifest: manifest)) { host in
            let id = try await host.accepted(script == nil ? Self.runwareOnly : Self.routed)
            try await eventually("a waiting job without a process") {
                host.activeJobs[id]?["resumeState"]?.object != nil
                    && !host.isolates.contains { ProcessTree.name(of: $0) == "generate" }
            }
            try await host.restart()
            ready.open()
            let done = try await host.finished(id)

            #expect(done["state"] == "succeeded", "\(done.text())")
            #expect(script?.begun ?? runware.paidInAll == 1)
            #expect(script?.makes.count ?? runware.sent.count == 1)
            #expect(done.attempts.dropFirst().allSatisfy { $0["resumes"] == true })
            #expect(done.attempts.allSatisfy { $0["perhapsPaid"] == nil })
        }
    }
}
