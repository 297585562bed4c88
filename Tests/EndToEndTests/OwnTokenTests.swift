// Callers' own provider tokens: kept sealed, used for their own jobs alone, and seen by nobody.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct OwnTokenTests: OwnTokenSuite {
    init() { TestLoop.start() }

    @Test @LoopActor func `a token is checked, kept, shown without itself, used for its caller's jobs, and removed`()
        async throws
    {
        let runware = try runware()
        try await withEdge(options(runware.environment)) { host in
            let ann = try await caller(host, "ann")

            let set = try await put(host, ann, Self.ann)
            let again = try await put(host, ann, Self.ann)
            let shown = try await host.get("/functions/v1/tokens/runware", ann)
            let job = try await host.generate(["prompt": "an owl"], ann + asDocument)
            let id = job.json["id"]?.string ?? ""
            try await eventually("its end on disk") { host.doneJobs[id] != nil }
            let file = try #require(host.doneJobs[id])
            let metrics = try await host.get("/metrics")
            let removed = try await host.ask("DELETE", "/functions/v1/tokens/runware", ann)
            let later = try await host.generate(["prompt": "a later owl"], ann)

            #expect(set.status == 201 && again.status == 200, "\(set.text)")
            #expect(set.json["check"]?.string == "the key works; balance 12.34 USD")
            #expect(shown.json["last"] == "6789" && shown.json["kept"] == "disk" && shown.json["set"]?.string != nil)
            #expect(try await list(host, ann).json["providers"] == ["civitai", "huggingface", "openai", "runware"])
            #expect(job.status == 200, "\(job.text)")
            #expect(job.json["own"] == true && job.json["cost"] == 0 && job.json["ownCost"] == 3100)
            #expect(file["price"] == 0 && file["lanes"]?.array?.count == 1)
            #expect(file["lanes"]?.array?.first?["own"] == true && file["attempts"]?.array?.first?["own"] == true)
            #expect(metrics.text.contains(#"edge_own_token_runs_total{provider="runware"}"#))
            #expect(removed.status == 204 && later.status == 200)
            #expect(runware.sentKeys == [Self.ann, RunwareScript.key])
            #expect(runware.questionKeys.contains(Self.ann))
            expectProblem(try await host.get("/functions/v1/tokens/runware", ann), 404, naming: ["PUT"])
            for answer in [set, again, shown, job, metrics, removed] { #expect(!answer.text.contains(Self.ann)) }
            #expect(!everything(host).contains(Self.ann))
        }
    }

    @Test @LoopActor func `what own tokens have paid for is counted apart from the host's money`() async throws {
        let runware = try runware()
        try await withEdge(options(runware.environment)) { host in
            let ann = try await caller(host, "ann")
            #expect(try await put(host, ann, Self.ann).status == 201)
            for prompt in ["an owl", "an elk"] {
                #expect(try await host.generate(["prompt": .string(prompt)], ann).status == 200)
            }
            #expect(try await host.generate(["prompt": "a hen", "provider": "runware"]).status == 200)
            try await eventually("three ends on disk") { host.doneJobs.count == 3 }

            for _ in 0..<2 {
                let told = try await runEdge(
                    ["usage", "--by", "provider", "--json", "--state", host.state],
                    in: host.folder
                )
                let total = try JSONValue.parse(told.output)["total"]
                #expect(total?["charges"] == 1 && total?["ownTokens"] == 2, "\(told.text)")
                #expect(total?["microdollars"] == 3100, "\(told.text)")
                try await host.restart()
            }
        }
    }

    @Test @LoopActor func `asking for one's tokens counts as a request like any other`() async throws {
        let runware = try runware()
        let limits: (path: String, value: JSONValue) = ("host.limits", ["caller": ["perMinute": 4]])
        try await withEdge(options(runware.environment, [limits])) { host in
            let ann = try await host.newKey("ann", ["--tier", "pro"])
            let bob = try await host.newKey("bob", ["--tier", "pro"])
            var answers: [ProbeAnswer] = []
            for _ in 0..<5 { answers.append(try await list(host, [("x-api-key", ann)])) }

            let refused = try #require(answers.last)
            expectProblem(refused, 429, naming: ["4 requests"])
            #expect(refused.json["code"] == "rate_limit")
            #expect(refused["RateLimit-Policy"]?.contains("caller-minute") == true, "\(refused.headers)")
            #expect((1...60).contains(refused.number("Retry-After") ?? 0))
            #expect(answers.contains { $0.status == 200 })
            #expect(try await put(host, [("x-api-key", ann)], Self.ann).status == 429)
            #expect(runware.questionKeys.isEmpty)
            #expect(try await list(host, [("x-api-key", bob)]).status == 200)
        }
    }

    @Test @LoopActor func `two callers share neither token nor image, and strangers have none`() async throws {
        let runware = try runware()
        try await withEdge(options(runware.environment)) { host in
            let bot = try await caller(host, "bot", ["--on-behalf"])
            let ann = bot + [("Edge-User", "ann")]
            let bob = bot + [("Edge-User", "bob")]
            let carl = try await caller(host, "carl")
            #expect(try await put(host, ann, Self.ann).status == 201)
            #expect(try await put(host, bob, Self.bob).status == 201)

            for caller in [ann, bob, ann, bob, carl, [], carl] {
                let answer = try await host.generate(["prompt": "the same owl"], caller)
                #expect(answer.status == 200, "\(answer.text)")
            }

            #expect(runware.sentKeys == [Self.ann, Self.bob, RunwareScript.key])
            #expect(try await list(host, carl).json["tokens"] == [])
            #expect(try await list(host, bot).json["tokens"] == [])
            #expect(try await list(host, ann).json["tokens"]?.array?.count == 1)
            for method in ["GET", "PUT", "DELETE"] {
                let answer = try await host.ask(
                    method,
                    "/functions/v1/tokens/runware",
                    body: method == "PUT" ? [] : nil
                )
                expectProblem(answer, 401, naming: ["edge keys create"])
            }
        }
    }

    @Test @LoopActor
    func `equal requests at once follow each other for one caller alone, and with the same idempotency key too`()
        async throws
    {
        let gate = Gate()
        let runware = try RunwareScript { _, _ in .held(gate) }
        runware.keys = [RunwareScript.key, Self.ann, Self.bob]
        try await withEdge(options(runware.environment)) { host in
            let bot = try await caller(host, "bot", ["--on-behalf"])
            let ann = bot + [("Edge-User", "ann"), ("Idempotency-Key", "one-key-1234567")]
            let bob = bot + [("Edge-User", "bob"), ("Idempotency-Key", "one-key-1234567")]
            _ = try await put(host, ann, Self.ann)
            _ = try await put(host, bob, Self.bob)
            let later: Headers = [("Prefer", "respond-async")]

            let ids = [
                try await host.generate(["prompt": "owl"], ann + later),
                try await host.generate(["prompt": "owl"], bob + later),
                try await host.generate(["prompt": "owl"], ann + later),
            ].map { $0.json["id"]?.string ?? "" }
            try await runware.called(2)
            gate.open()
            for id in ids { #expect(try await host.finished(id)["state"] == "succeeded") }

            #expect(Set(ids).count == 2 && ids[0] == ids[2])
            #expect(runware.sentKeys.sorted() == [Self.ann, Self.bob])
        }
    }

    @Test(
        "When the token is gone a waiting job fails with the reason, or goes on with the host's key where the settings say so",
        arguments: [false, true]
    )
    @LoopActor func removedMeanwhile(fallback: Bool) async throws {
        let busy = ScriptedAnswer.json(
            429,
            #"{"data":[],"errors":[{"code":"rateLimitExceeded","message":"later"}]}"#,
            headers: [("Retry-After", "3")]
        )
        let runware = try RunwareScript { number, _ in number == 1 ? RunwarePlay(.refused(busy)) : .normal }
        runware.keys = [RunwareScript.key, Self.ann]
        let huggingface = try HuggingFaceScript()
        let options = options(
            runware.environment + huggingface.environment,
            [("host.tokens", ["fallback": .bool(fallback)])]
        )
        try await withEdge(options) { host in
            let ann = try await caller(host, "ann")
            _ = try await put(host, ann, Self.ann)
            let answer = try await host.generate(["prompt": "owl"], ann + [("Prefer", "respond-async")])
            let id = try #require(answer.json["id"]?.string)
            _ = try await host.job(id) { $0["state"] == "waiting" }
            #expect(try await host.ask("DELETE", "/functions/v1/tokens/runware", ann).status == 204)

            let job = try await host.finished(id)

            #expect(job["state"]?.string == (fallback ? "succeeded" : "failed"), "\(job.text())")
            #expect(runware.sentKeys == [Self.ann])
            #expect(huggingface.calls == (fallback ? 1 : 0))
            if !fallback {
                #expect(job["error"]?["code"] == "own_token_gone")
                #expect(job["error"]?["message"]?.string?.contains("PUT /functions/v1/tokens/runware") == true)
            }
        }
    }

    @Test @LoopActor func `where the settings say so, results are shared with everybody`() async throws {
        let runware = try runware()
        try await withEdge(options(runware.environment, [("host.tokens", ["shareCache": true])])) { host in
            let ann = try await caller(host, "ann")
            _ = try await put(host, ann, Self.ann)

            #expect(try await host.generate(["prompt": "an owl"], ann).status == 200)
            #expect(try await host.generate("an owl").status == 200)

            #expect(runware.sentKeys == [Self.ann])
        }
    }
}
