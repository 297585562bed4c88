// What each provider says of callers' own tokens, and what callers are told.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct OwnTokenProviderTests: OwnTokenSuite {
    init() { TestLoop.start() }

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
}
