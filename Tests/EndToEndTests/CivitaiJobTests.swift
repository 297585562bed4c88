// Civitai behind a host: queued, killed, refused, moderated, and paid in Buzz once.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct CivitaiJobTests {
    init() { TestLoop.start() }

    private static let asked: JSONValue = ["prompt": "a kite", "provider": "civitai"]

    @LoopActor
    private func options(
        _ civitai: CivitaiScript,
        manifest: [(path: String, value: JSONValue)] = [],
        settings: [(path: String, value: JSONValue)] = []
    ) -> EdgeOptions {
        var options = EdgeOptions(
            manifest: TestManifest.bundled([("functions.generate.job.perDay", 0)] + manifest),
            environment: civitai.environment
        )
        options.settings = TestSettings.bundled([("results.allow", ["127.0.0.1", "::1"])] + settings)
        return options
    }

    @LoopActor
    private func expectPaidOnce(
        _ done: JSONValue,
        _ civitai: CivitaiScript,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let shown = Comment(rawValue: done.text())
        #expect(done["state"] == "succeeded", shown, sourceLocation: sourceLocation)
        #expect(civitai.paidInAll == 1, shown, sourceLocation: sourceLocation)
        #expect(Set(civitai.sent.map { $0["externalId"]?.string }).count == 1, shown, sourceLocation: sourceLocation)
        #expect(done.attempts.allSatisfy { $0["perhapsPaid"] == nil }, shown, sourceLocation: sourceLocation)
    }

    @Test @LoopActor func `a queued workflow holds no isolate, goes on after a kill, and is paid once`() async throws {
        let ready = Gate()
        let civitai = try CivitaiScript(then: .normal.states(["preparing"]).until(ready))
        try await withEdge(options(civitai, manifest: [("functions.generate.idle", "1s")])) { host in
            let id = try await host.accepted(Self.asked)
            try await eventually("a waiting job without a process") {
                host.activeJobs[id]?["resumeState"]?.object != nil
                    && !host.isolates.contains { ProcessTree.name(of: $0) == "generate" }
            }
            try await host.restart()
            ready.open()
            let done = try await host.finished(id)

            expectPaidOnce(done, civitai)
            #expect(civitai.sent.count == 1 && civitai.questions >= 1 && civitai.fetches == 1)
            #expect(done.attempts.first?["id"] == civitai.sent.first?["externalId"], "\(done.text())")
            #expect(done.attempts.dropFirst().allSatisfy { $0["resumes"] == true })
            #expect(done["model"]?.string == CivitaiScript.model)
        }
    }

    @Test("A kill while the submit has no answer yet", arguments: ["host", "isolate"])
    @LoopActor func kills(victim: String) async throws {
        let gate = Gate()
        let civitai = try CivitaiScript([.held(gate)])
        try await withEdge(options(civitai)) { host in
            let id = try await host.accepted(Self.asked)
            try await civitai.called(1)
            if victim == "host" {
                try await host.restart()
            } else {
                for process in host.isolates where ProcessTree.name(of: process) == "generate" {
                    ProcessTree.kill(process)
                }
            }
            let done = try await host.finished(id)

            expectPaidOnce(done, civitai)
            #expect(civitai.sent.count == 2, "submitted again under the same id, which is the question")
            #expect(done.attempts.dropFirst().first?["unsure"] == true, "\(done.text())")
        }
    }

    @Test("An answer that is lost after the workflow was taken", arguments: ["reset", "cut", "502"])
    @LoopActor func lostAnswers(fault: String) async throws {
        let play: CivitaiPlay =
            switch fault {
            case "reset": .lostAfter
            case "cut": .cutAfter(120, reset: true)
            default: .taken(CivitaiScript.page(502))
            }
        let civitai = try CivitaiScript([play])
        try await withEdge(options(civitai)) { host in
            let done = try await host.ended(Self.asked)

            expectPaidOnce(done, civitai)
            #expect(civitai.sent.count == 2)
        }
    }

    @Test @LoopActor func `a cancelled job cancels its workflow`() async throws {
        let civitai = try CivitaiScript([.never])
        try await withEdge(options(civitai)) { host in
            let id = try await host.accepted(Self.asked)
            _ = try await host.job(id) { $0["state"] == "waiting" }
            let answer = try await host.delete("/functions/v1/status/\(id)")
            try await civitai.canceled(1)

            #expect((200..<300).contains(answer.status), "\(answer.text)")
            #expect(civitai.canceled == ["wf_1"])
        }
    }

    @Test @LoopActor func `who may not have what is not safe for work asks for none of it, and the verdict holds`()
        async throws
    {
        let civitai = try CivitaiScript(then: .mature)
        let manifest: [(path: String, value: JSONValue)] = [
            ("host.tiers", ["free": ["nsfw": false, "cooldown": "0s"]])
        ]
        try await withEdge(options(civitai, manifest: manifest)) { host in
            let pro = try await host.newKey("pro", ["--tier", "pro"])
            let adult = try await host.generate(Self.asked, [("x-api-key", pro)])
            let refused = try await host.generate(Self.asked)
            let again = try await host.generate(Self.asked)

            #expect(adult.status == 200, "\(adult.text)")
            for answer in [refused, again] {
                expectProblem(answer, 422, naming: ["Civitai", "mature"])
                #expect(answer.json["code"] == "content_refused", "\(answer.text)")
            }
            #expect(civitai.sent.map { $0["allowMatureContent"]?.bool } == [nil, false, false], "nothing was cached")
            #expect(civitai.fetches == 1)
        }
    }

    @Test @LoopActor func `a model is an alias or an AIR, and what is none is refused with what an AIR is`()
        async throws
    {
        let civitai = try CivitaiScript(then: .finished)
        try await withEdge(options(civitai)) { host in
            let alias = try await host.generate(["prompt": "a", "provider": "civitai", "model": "sdxl"])
            let own = try await host.generate(["prompt": "b", "model": "urn:air:sd1:checkpoint:civitai:4201@130072"])
            let none = try await host.generate(["prompt": "c", "provider": "civitai", "model": "civitai:4201@130072"])

            #expect(alias.status == 200 && own.status == 200, "\(alias.text) \(own.text)")
            let models = civitai.sent.map { $0["steps"]?.array?.first?["input"]?["model"]?.string }
            #expect(
                models == [
                    "urn:air:sdxl:checkpoint:civitai:101055@128078", "urn:air:sd1:checkpoint:civitai:4201@130072",
                ]
            )
            expectProblem(none, 400, naming: ["civitai:4201@130072", "urn:air:<ecosystem>", "page on civitai.com"])
        }
    }

    @Test @LoopActor func `Buzz is no money: it is told beside a cost that is unknown, which a budget refuses`()
        async throws
    {
        let civitai = try CivitaiScript(then: .finished)
        try await withEdge(options(civitai)) { host in
            let job = try await host.generate(Self.asked, [("Accept", "application/json")])

            #expect(job.status == 200, "\(job.text)")
            #expect(job.json["cost"]?.isNull ?? true, "\(job.text)")
            #expect(job.json["buzz"] == 8, "\(job.text)")
        }
        let budget: (path: String, value: JSONValue) = ("host.budgets", [["name": "cap", "per": "day", "limit": "$5"]])
        try await withEdge(options(civitai, manifest: [budget])) { host in
            let answer = try await host.generate(Self.asked)

            expectProblem(answer, 402, naming: ["civitai", "prices", "cap"])
            #expect(answer.json["code"] == "price_unknown" && civitai.sent.count == 1)
        }
    }

    @Test @LoopActor func `edge providers shows it, and checks its key without making anything`() async throws {
        let civitai = try CivitaiScript()
        try await withEdge(options(civitai)) { host in
            let table = try await runEdge(["providers", "--state", host.state], in: host.folder)
            let check = try await runEdge(["providers", "check", "civitai", "--state", host.state], in: host.folder)
            civitai.keys = []
            let refused = try await runEdge(["providers", "check", "civitai", "--state", host.state], in: host.folder)

            let line = table.output.split(separator: "\n").first { $0.hasPrefix("civitai") } ?? ""
            for part in ["ready", CivitaiScript.model, "unknown"] { #expect(line.contains(part), "\(table.text)") }
            #expect(check.exit == .exited(0) && check.output.contains("account ada, tier free"), "\(check.text)")
            #expect(refused.exit == .exited(1) && refused.errors.contains("CIVITAI_API_KEY"), "\(refused.text)")
            #expect(civitai.checks == 2 && civitai.sent.isEmpty)
        }
    }
}
