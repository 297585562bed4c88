// Callers' own provider tokens: kept sealed, used for their own jobs alone, and seen by nobody.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct OwnTokenTests {
    init() { TestLoop.start() }

    private static let ann = "rw_annsOwnToken0123456789"
    private static let bob = "rw_bobsOwnToken9876543210"
    private static let sealing = "0123456789abcdef0123456789abcdefffeeddccbbaa99887766554433221100"
    private static let newSealing = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    @LoopActor
    private func runware() throws -> RunwareScript {
        let runware = try RunwareScript()
        runware.keys = [RunwareScript.key, Self.ann, Self.bob]
        return runware
    }

    /// - Parameter sealing: EDGE_TOKEN_KEY; nil: none.
    private func options(
        _ environment: [(name: String, value: String)],
        sealing: String? = OwnTokenTests.sealing,
        _ manifest: [(path: String, value: JSONValue)] = []
    ) -> EdgeOptions {
        let keys = sealing.map { [(name: "EDGE_TOKEN_KEY", value: $0)] } ?? []
        return EdgeOptions(manifest: TestManifest.bundled(manifest), environment: environment + keys)
    }

    /// What one caller shows, once the host knows the key.
    @LoopActor
    private func caller(_ host: EdgeHost, _ name: String, _ more: [String] = []) async throws -> Headers {
        let made = try await runEdge(
            ["keys", "create", "--name", name, "--tier", "pro", "--state", host.state] + more,
            in: host.folder
        )
        let key = made.output.split(separator: "\n").first.map(String.init) ?? ""
        let shown = [(name: "x-api-key", value: key)]
        try await eventually("the host to know \(name)", asking: { try await list(host, shown).status == 200 })
        return shown
    }

    @LoopActor
    private func list(_ host: EdgeHost, _ caller: Headers) async throws -> ProbeAnswer {
        try await host.get("/functions/v1/tokens", caller)
    }

    @LoopActor
    private func put(
        _ host: EdgeHost,
        _ caller: Headers,
        _ token: String,
        at provider: String = "runware"
    ) async throws -> ProbeAnswer {
        let body: JSONValue = ["token": .string(token)]
        return try await host.ask("PUT", "/functions/v1/tokens/\(provider)", caller, body: body.encoded())
    }

    /// Everything that a host has written, in whatever form, besides what it has answered.
    @LoopActor
    private func everything(_ host: EdgeHost) -> String {
        host.said + filesBelow(host.state).compactMap { fileText($0) }.joined()
    }

    private let asDocument: Headers = [("Accept", "application/json")]

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
            let file = try #require(host.doneJobs[job.json["id"]?.string ?? ""] ?? host.activeJobs.values.first)
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

    @Test @LoopActor func `a token that its provider refuses is not kept, and the reason and the way out are told`()
        async throws
    {
        let runware = try runware()
        let huggingface = try HuggingFaceScript()
        let openai = try OpenAIScript()
        let civitai = try CivitaiScript()
        let environment =
            runware.environment + huggingface.environment + openai.environment + civitai.environment
        try await withEdge(options(environment)) { host in
            let ann = try await caller(host, "ann")

            let refused = [
                try await put(host, ann, "rw_notAKeyAtAll000"),
                try await put(host, ann, "hf_notAKeyAtAll000", at: "huggingface"),
                try await put(host, ann, "sk-notAKeyAtAll000", at: "openai"),
                try await put(host, ann, "civ_notAKeyAtAll00", at: "civitai"),
            ]

            for (answer, place) in zip(
                refused,
                ["https://runware.ai", "huggingface.co/settings/tokens", "tokens/openai", "https://civitai.com"]
            ) {
                expectProblem(answer, 422, naming: ["not kept", "your own token", place])
                #expect(!answer.text.contains("notAKeyAtAll") && !answer.text.contains("API_KEY"), "\(answer.text)")
            }
            expectProblem(
                try await put(host, ann, "abcdefgh", at: "nobody"),
                404,
                naming: ["civitai, huggingface, openai, runware"]
            )
            for body in [
                "", "{}", "[1]", #"{"token":"short"}"#, #"{"token":"with a space"}"#, #"{"token":7}"#,
                #"{"token":"abcdefgh","x":1}"#,
            ] {
                let answer = try await host.ask("PUT", "/functions/v1/tokens/runware", ann, body: Array(body.utf8))
                expectProblem(answer, 400, naming: ["token"])
            }
            #expect(try await put(host, ann, String(repeating: "a", count: 20_000)).status == 413)
            #expect(try await host.ask("POST", "/functions/v1/tokens/runware", ann, body: []).status == 405)
            #expect(try await list(host, ann).json["tokens"] == [])

            runware.balance = ["amount": 0, "currency": "USD"]
            let poor = try await put(host, ann, Self.ann)
            #expect(poor.status == 201 && poor.json["check"]?.string?.contains("add credit at https://") == true)
            #expect(!everything(host).contains("notAKeyAtAll"))
        }
    }

    @Test @LoopActor func `each provider is asked with the caller's own token, also one without a key of the host`()
        async throws
    {
        let huggingface = try HuggingFaceScript()
        huggingface.accounts["hf_annsOwnToken01234567"] = "ann"
        let openai = try OpenAIScript()
        openai.keys.insert("sk-annsOwnToken01234567")
        let addresses = (huggingface.environment + openai.environment).filter { !$0.name.hasSuffix("_API_KEY") }
        let more: [(name: String, value: String)] = [("HUGGINGFACE_BILL_TO", "the-hosts-company")]
        try await withEdge(options(addresses + more)) { host in
            let ann = try await caller(host, "ann")
            let set = try await put(host, ann, "hf_annsOwnToken01234567", at: "huggingface")
            #expect(set.status == 201 && set.json["check"]?.string?.contains("ann") == true, "\(set.text)")
            #expect(try await host.generate(["prompt": "a fox"], ann).status == 200)
            #expect(try await host.ask("DELETE", "/functions/v1/tokens/huggingface", ann).status == 204)
            #expect(try await put(host, ann, "sk-annsOwnToken01234567", at: "openai").status == 201)
            #expect(try await host.generate(["prompt": "a fox"], ann).status == 200)

            #expect(huggingface.images.map { $0.header("authorization") } == ["Bearer hf_annsOwnToken01234567"])
            #expect(huggingface.images.allSatisfy { $0.header("x-hf-bill-to") == nil })
            #expect(openai.images.map { $0.header("authorization") } == ["Bearer sk-annsOwnToken01234567"])
            #expect(!everything(host).contains("annsOwnToken"))
        }
    }

    @Test @LoopActor func `a caller without money of its own is told so, while others go on with the host's`()
        async throws
    {
        let runware = try RunwareScript { number, _ in
            number <= 4 ? .refused("insufficientCredits", status: 402) : .normal
        }
        runware.keys = [RunwareScript.key, Self.ann]
        try await withEdge(options(runware.environment)) { host in
            let ann = try await caller(host, "ann")
            _ = try await put(host, ann, Self.ann)

            for number in 0..<4 {
                let answer = try await host.generate(["prompt": .string("owl \(number)")], ann)
                expectProblem(answer, 402, naming: ["your own token", "add some at https://runware.ai"])
            }
            let other = try await host.generate("an owl")

            #expect(other.status == 200, "\(other.text)")
            #expect(runware.sentKeys == Array(repeating: Self.ann, count: 4) + [RunwareScript.key])
        }
    }

    @Test @LoopActor func `a token of Civitai's works without a key of the host, and says where Buzz is had`()
        async throws
    {
        let token = "civ_annsOwnToken0123456789"
        let civitai = try CivitaiScript { _, prompt in
            prompt == "a poor fox" ? .refused(CivitaiScript.text(403, "You have not enough Buzz")) : .normal
        }
        civitai.keys = [token]
        let addresses = civitai.environment.filter { !$0.name.hasSuffix("_API_KEY") }
        try await withEdge(options(addresses)) { host in
            let ann = try await caller(host, "ann")
            let set = try await put(host, ann, token, at: "civitai")
            let job = try await host.generate(["prompt": "a fox"], ann + asDocument)
            civitai.lacksBuzz = true
            let poor = try await host.generate(["prompt": "a poor fox"], ann)
            let stranger = try await host.generate(["prompt": "a fox", "provider": "civitai"])
            civitai.account = ["id": 7, "username": "ann", "tier": "free", "status": "banned"]
            let banned = try await put(host, ann, token, at: "civitai")

            #expect(set.status == 201 && set.json["check"] == "the key works; account ada, tier free", "\(set.text)")
            #expect(job.status == 200 && job.json["own"] == true && job.json["cost"] == 0, "\(job.text)")
            #expect(job.json["ownCost"] == nil || job.json["ownCost"] == 0 || job.json["ownCost"]?.isNull == true)
            expectProblem(poor, 402, naming: ["your own token", "costs 8", "more on https://civitai.com, at Buzz"])
            expectProblem(stranger, 424, naming: ["CIVITAI_API_KEY"])
            expectProblem(banned, 422, naming: ["not kept", "account ann is banned"])
            #expect(Set(civitai.sentKeys + civitai.checkKeys) == [token])
            #expect(civitai.trials.count == 1 && civitai.paidInAll == 1)
            #expect(!everything(host).contains(token))
        }
    }

    @Test @LoopActor func `after a crash a job goes on with the same token, which is sealed again under a new key`()
        async throws
    {
        let gate = Gate()
        let runware = try RunwareScript { number, _ in number == 1 ? .held(gate) : .normal }
        runware.keys = [RunwareScript.key, Self.ann]
        try await withEdge(options(runware.environment)) { host in
            let ann = try await caller(host, "ann")
            _ = try await put(host, ann, Self.ann)
            let answer = try await host.generate(["prompt": "owl"], ann + [("Prefer", "respond-async")])
            let id = try #require(answer.json["id"]?.string)
            try await runware.called(1)
            try await host.kill()
            #expect(!everything(host).contains(Self.ann))
            gate.open()
            host.options.environment.removeAll { $0.name == "EDGE_TOKEN_KEY" }
            host.options.environment.append(("EDGE_TOKEN_KEY", "\(Self.newSealing) \(Self.sealing)"))
            try await host.start()

            #expect(try await host.finished(id)["state"] == "succeeded")
            #expect(host.said.contains("sealed 1 callers' tokens"))
            host.options.environment.removeAll { $0.name == "EDGE_TOKEN_KEY" }
            host.options.environment.append(("EDGE_TOKEN_KEY", Self.newSealing))
            try await host.restart()
            #expect(try await host.generate(["prompt": "another owl"], ann).status == 200)

            #expect(Set(runware.sentKeys) == [Self.ann] && runware.questionKeys == [Self.ann])
            #expect(!everything(host).contains(Self.ann))
            #expect(!everything(host).contains(Self.sealing) && !everything(host).contains(Self.newSealing))
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

    @Test @LoopActor func `without a sealing key tokens are in memory alone, which the start says`() async throws {
        let runware = try runware()
        try await withEdge(options(runware.environment, sealing: nil)) { host in
            let ann = try await caller(host, "ann")
            #expect(host.said.contains("in memory only"))
            #expect(try await put(host, ann, Self.ann).json["kept"] == "memory")
            #expect(try await host.generate(["prompt": "an owl"], ann).status == 200)
            #expect(!everything(host).contains(Self.ann))

            try await host.restart()

            #expect(try await list(host, ann).json["tokens"] == [])
            #expect(try await host.generate(["prompt": "a second owl"], ann).status == 200)
            #expect(runware.sentKeys == [Self.ann, RunwareScript.key])
        }
    }

    @Test @LoopActor func `with a wrong sealing key the start says so, and the caller is told to set the token again`()
        async throws
    {
        let runware = try runware()
        try await withEdge(options(runware.environment)) { host in
            let ann = try await caller(host, "ann")
            _ = try await put(host, ann, Self.ann)
            try await host.kill()
            host.options.environment.removeAll { $0.name == "EDGE_TOKEN_KEY" }
            host.options.environment.append(("EDGE_TOKEN_KEY", Self.newSealing))
            try await host.start()

            #expect(host.said.contains("1 of 1 callers' tokens cannot be opened"))
            let shown = try await host.get("/functions/v1/tokens/runware", ann)
            #expect(shown.json["problem"]?.string?.contains("set it again") == true)
            #expect(try await put(host, ann, Self.ann).status == 200)
            #expect(try await host.generate(["prompt": "an owl"], ann).status == 200)
            #expect(runware.sentKeys == [Self.ann])
        }
    }

    @Test @LoopActor func `a sealing key that is none stops the start with the name and the place of it`() async throws
    {
        let host = EdgeHost(options([], sealing: "notTheRightLength"))
        try host.launch()

        #expect(try await host.ended() == .exited(1))
        #expect(host.said.contains("EDGE_TOKEN_KEY is not 32 bytes") && host.said.contains("process environment"))
        #expect(!host.said.contains("notTheRightLength"))
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
