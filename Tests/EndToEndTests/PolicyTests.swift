// Prompts that are refused, and pictures that are not safe for work.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct PolicyTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `a blocked word is refused in each API's shape, by tier and group, without the list`()
        async throws
    {
        let text = "# for all\ngore*\n[tier free]\nsecret phrase\n[group 8012]\nbunny\n"
        var options = EdgeOptions(
            manifest: TestManifest.bundled([
                ("host.policy", "policy.txt"), ("host.tiers", ["free": ["cooldown": "0s"]]),
            ])
        )
        options.files = [("policy.txt", text)]
        try await withEdge(options) { host in
            let bot = try await host.newKey("bot", ["--tier", "pro", "--on-behalf"])
            let refused = try await host.small("a GORÉY, secret fox")
            expectProblem(refused, 400, naming: ["not allowed here"])
            #expect(refused.json["code"] == "prompt_refused")
            #expect(refused.json["field"] == "prompt")
            #expect(!refused.text.contains("gore") && !refused.text.contains("GOR"))
            // What is to stay out of the picture may be named.
            let without = try await host.small("a fox", [], ["negative_prompt": "gore, secret phrase"])
            #expect(without.status == 200, "\(without.text)")
            expectProblem(try await host.small("a secret phrase"), 400)
            #expect(try await host.small("a secret phrase", [("x-api-key", bot)]).status == 200)
            expectProblem(try await host.small("a secret phrase"), 400, naming: [], "though the cache has it")
            let group: Headers = [("x-api-key", bot), ("Edge-Group", "8012")]
            for _ in 0..<2 {
                #expect(try await host.small("a bunny", [("x-api-key", bot)]).status == 200)
                expectProblem(try await host.small("a bunny", group), 400, naming: [], "though it is remembered")
            }
            let openAI = try await host.post("/v1/images/generations", ["prompt": "gore", "size": "64x64"])
            #expect(openAI.status == 400)
            #expect(openAI.json["error"]?["code"] == "moderation_blocked")
            #expect(openAI.json["error"]?["type"] == "invalid_request_error")
            #expect(try await host.post("/models/generate", ["inputs": "gore"]).status == 400)
            expectProblem(try await host.get("/generate?prompt=gore"), 400)

            replaceFile("\(host.folder.path)/policy.txt", with: "lighthouse\n")
            try await eventually("the new words", asking: { try await host.small("a lighthouse").status == 400 })
            #expect(try await host.small("a bunny", group).status == 200)
            replaceFile("\(host.folder.path)/policy.txt", with: "boat\n[tier gold]\n")
            try await eventually("a line about it") { host.said.contains("policy.txt:2") }
            #expect(try await host.small("a lighthouse").status == 400)
            #expect(try await host.small("a boat").status == 200)
        }
    }

    @Test @LoopActor func `who may not have what is not safe for work has pictures checked, and the verdict holds`()
        async throws
    {
        let runware = try RunwareScript([.unsafe, .unsafe, .unsafe, .unsafe, .unsafe])
        let manifest: [(path: String, value: JSONValue)] = [
            ("functions.generate.job.perDay", 0),
            ("host.tiers", ["free": ["nsfw": false, "cooldown": "0s"]]),
        ]
        let providers = try RouteProviders(runware: runware)
        var options = providers.options(manifest: manifest)
        options.environment = runware.environment + [("RUNWARE_DELIVERY", "sync")]
        try await withEdge(options) { host in
            let open = try await host.newKey("open", ["--tier", "pro", "--on-behalf"])
            let closed = try await host.newKey("closed", ["--tier", "pro", "--no-nsfw"])
            let allowed = try await host.generate("a nude", [("x-api-key", open)])
            #expect(allowed.status == 200, "\(allowed.text)")
            try await eventually("the image on disk") { host.cacheEntries.count == 1 }
            let stored = host.imageFiles
            let bearer = ("Authorization", "Bearer \(open)")
            #expect(try await host.generate("a nude", [bearer]).status == 200)
            #expect(try await host.generate("a nude", [bearer]).status == 200)
            for headers: Headers in [
                [], [("x-api-key", closed)], [("x-api-key", open), ("Edge-Nsfw", "false")],
                [bearer, ("Edge-Nsfw", "false")],
            ] {
                let refused = try await host.generate("a nude", headers)
                expectProblem(refused, 422, naming: ["unsafe"])
                #expect(refused.json["code"] == "content_refused")
            }
            #expect(host.imageFiles == stored)
            #expect(host.cacheEntries.count == 1)
            #expect(try await host.generate("a nude", [("x-api-key", open)]).status == 200)
            let wanted = try await host.generate(["prompt": "a nude", "nsfw": true])
            expectProblem(wanted, 403, naming: ["not allowed"])
            #expect(wanted.json["code"] == "nsfw_not_allowed")
            let unclear = try await host.generate("a nude", [("x-api-key", open), ("Edge-Nsfw", "perhaps")])
            expectProblem(unclear, 400, naming: ["Edge-Nsfw"])
            // One with and four without the right; what is kept asks nobody.
            #expect(runware.sent.count == 5 && runware.fetches == 1 && runware.calls == 6)
        }
    }

    @Test @LoopActor func `a request may ask for the check itself, and who cannot check says that it was left out`()
        async throws
    {
        try await withEdge { host in
            let answer = try await host.small("a fox", [("Accept", "application/json")], ["nsfw": false])

            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json["dropped"] == ["safety"])
        }
    }

    @Test @LoopActor func `what a function of any kind calls not safe for work is not shown, not stored, not cached`()
        async throws
    {
        let options = Painter.options(host: ["tiers": ["free": ["nsfw": false, "cooldown": "0s"]]])
        try await withEdge(options) { host in
            for _ in 0..<2 {
                let refused = try await host.paint(["prompt": "bare"])
                expectProblem(refused, 422, naming: ["not allowed here"])
                #expect(refused.json["code"] == "content_refused")
            }
            #expect(host.paintings.count == 2)
            #expect(host.imageFiles == [])
            #expect(host.cacheEntries == [])
            let pro = try await host.newKey("app", ["--tier", "pro"], probe: "painter?width=63")
            #expect(try await host.paint(["prompt": "bare"], [("x-api-key", pro)]).status == 200)
            expectProblem(try await host.paint(["prompt": "bare"]), 422, naming: [], "though others have it")
        }
    }
}
