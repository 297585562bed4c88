// Tiers and limits as callers meet them.
import EdgeLoop
import Glibc
import JSON
import TestSupport
import Testing

extension EdgeHost {
    /// A new key of callers, once the host knows it.
    /// - Parameter probe: a function that looks at keys; without a prompt it makes nothing.
    func newKey(_ name: String, _ more: [String], probe: String = "status") async throws -> String {
        let made = try await runEdge(["keys", "create", "--name", name, "--state", state] + more, in: folder)
        guard let key = made.output.split(separator: "\n").first.map(String.init), key.hasPrefix("edge_") else {
            throw UnexpectedText(text: made.text)
        }
        try await eventually(
            "the host to know \(name)",
            asking: { try await get("/functions/v1/\(probe)", [("x-api-key", key)]).status != 401 }
        )
        return key
    }

    /// A small image of a prompt.
    func small(_ prompt: String, _ headers: Headers = [], _ more: JSONObject = [:]) async throws -> ProbeAnswer {
        var body: JSONObject = ["prompt": .string(prompt), "width": 64, "height": 64]
        for member in more.members { body[member.key] = member.value }
        return try await generate(.object(body), headers)
    }
}

struct UnexpectedText: Error { let text: String }

struct LimitsTests {
    init() { TestLoop.start() }

    private func options(
        _ changes: [(path: String, value: JSONValue)],
        files: [(name: String, text: String)] = []
    ) -> EdgeOptions {
        EdgeOptions(manifest: TestManifest.bundled(changes), files: files)
    }

    @LoopActor
    private func changed(_ host: EdgeHost, _ changes: [(path: String, value: JSONValue)]) {
        replaceFile(host.manifestPath, with: TestManifest.bundled(changes).text(pretty: true))
    }

    @Test @LoopActor func `the images of one request have no cooldown between them, and each counts for the day`()
        async throws
    {
        let free: JSONValue = ["free": ["cooldown": "300s", "perDay": 4]]
        try await withEdge(options([("host.tiers", free)])) { host in
            let three = try await host.post("/v1/images/generations", ["prompt": "a fox", "n": 3, "size": "64x64"])
            #expect(three.status == 200, "\(three.text)")
            #expect(three.json["data"]?.array?.count == 3)
            #expect(three["RateLimit"]?.contains(#""free-day";r=1;t="#) == true, "\(three.headers)")
            let further = try await host.post("/v1/images/generations", ["prompt": "a hen", "n": 2, "size": "64x64"])
            #expect(further.status == 429)
            #expect(further.json["error"]?["message"]?.string?.hasPrefix("Wait ") == true, "\(further.text)")
        }
        let two: JSONValue = ["free": ["cooldown": "300s", "perDay": 2]]
        try await withEdge(options([("host.tiers", two)])) { host in
            let three = try await host.post("/v1/images/generations", ["prompt": "a fox", "n": 3, "size": "64x64"])
            #expect(three.status == 429)
            #expect(three["RateLimit"]?.contains(#""free-day";r=0;t="#) == true, "\(three.headers)")
        }
    }

    @Test @LoopActor func `refusals are counted by their reason`() async throws {
        let changes: [(path: String, value: JSONValue)] = [
            ("host.tiers", ["free": ["cooldown": "300s", "sizes": ["64x64"]]]), ("host.policy", "policy.txt"),
        ]
        try await withEdge(options(changes, files: [("policy.txt", "gore\n")])) { host in
            let app = try await host.newKey("app", ["--tier", "pro"])
            let its = try await host.small("a cow", [("x-api-key", app), ("Accept", "application/json")])
            let id = try #require(its.json["id"]?.string, "\(its.text)")
            let fresh = try await host.get("/metrics").text
            #expect(fresh.contains(#"edge_refusals_total{reason="budget"} 0"#), "\(fresh)")
            let before = Self.refusals(in: fresh)
            #expect(try await host.small("a fox").status == 200)
            #expect(try await host.small("a hen").status == 429)
            #expect(try await host.post("/v1/images/generations", ["prompt": "a hen", "size": "64x64"]).status == 429)
            #expect(try await host.small("gore").status == 400)
            #expect(try await host.generate(["prompt": "a hen", "width": 128, "height": 64]).status == 403)
            #expect(try await host.small("a hen", [("x-api-key", "edge_wrong")]).status == 401)
            #expect(try await host.get("/nowhere").status == 404)
            // By the function status, which asks the host.
            #expect(try await host.delete("/functions/v1/status/\(id)").status == 403)
            #expect(try await host.delete("/functions/v1/status/nothing").status == 404)
            let after = Self.refusals(in: try await host.get("/metrics").text)

            let new = after.merging(before) { $0 - $1 }.filter { $0.value != 0 }
            #expect(new == ["limit": 2, "policy": 2, "auth": 2])
        }
    }

    @Test @LoopActor func `a refusal that comes when a stream has begun is counted as any other`() async throws {
        try await withEdge(options([("host.tiers", ["free": ["cooldown": "0s", "perDay": 1]])])) { host in
            let before = Self.refusals(in: try await host.get("/metrics").text)
            let body: JSONValue = ["prompt": "a fox", "n": 2, "size": "64x64", "stream": true]
            let answer = try await host.post("/v1/images/generations", body)
            let after = Self.refusals(in: try await host.get("/metrics").text)

            #expect(answer.status == 200)
            let names = answer.text.split(separator: "\n").filter { $0.hasPrefix("event: ") }
            #expect(names == ["event: image_generation.completed", "event: error"], "\(answer.text.suffix(500))")
            let told = try JSONValue.parse(answer.text.split(separator: "data: ").last.map(String.init) ?? "")
            #expect(told["error"]?["code"] == "insufficient_quota", "\(told.text())")
            #expect(after.merging(before) { $0 - $1 }.filter { $0.value != 0 } == ["limit": 1])
        }
    }

    private static func refusals(in metrics: String) -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in metrics.split(separator: "\n") where line.hasPrefix("edge_refusals_total{") {
            let parts = line.split(separator: "\"")
            counts[String(parts[1])] = line.split(separator: " ").last.flatMap { Int($0) }
        }
        return counts
    }

    @Test @LoopActor func `a fresh host without accounts and tiers has no cooldown`() async throws {
        try await withEdge(EdgeOptions()) { host in
            let probes = [try await host.connect(), try await host.connect()]
            for (probe, prompt) in zip(probes, ["a fox", "a hen"]) {
                probe.request("POST", "/generate", body: Array(#"{"prompt": "\#(prompt)"}"#.utf8))
            }
            for probe in probes {
                let answer = try await probe.answer()
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer["RateLimit"] == nil)
                probe.leave()
            }
            #expect(try await host.small("a cow").status == 200)
        }
    }

    @Test @LoopActor func `a free user waits between images, is told so in each API's shape, and the cache is free`()
        async throws
    {
        try await withEdge(options([("host.tiers", ["free": ["cooldown": "300s"]])])) { host in
            let first = try await host.small("a fox")
            #expect(first.status == 200, "\(first.text)")
            #expect(first["RateLimit-Policy"] == #""free-cooldown";q=1;w=300, "free-day";q=20;w=86400"#)
            #expect(first["RateLimit"]?.contains(#""free-cooldown";r=0;t="#) == true)
            #expect(first["RateLimit"]?.contains(#""free-day";r=19;t="#) == true)
            for _ in 0..<5 { #expect(try await host.small("a fox").status == 200) }

            let refused = try await host.small("a hen", [("Origin", "https://app.example")])
            expectProblem(refused, 429, naming: ["wait", "free users may make one image every 5 min"])
            #expect(refused.json["code"] == "cooldown")
            #expect(refused.json["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded")
            #expect(refused.json["violated-policies"] == ["free-cooldown"])
            #expect((1...300).contains(refused.number("Retry-After") ?? 0))
            #expect(refused["RateLimit"]?.hasPrefix(#""free-cooldown";r=0;t="#) == true)
            #expect(refused["Access-Control-Expose-Headers"]?.contains("RateLimit-Policy") == true)

            let openAI = try await host.post("/v1/images/generations", ["prompt": "a cow", "size": "64x64"])
            #expect(openAI.status == 429)
            #expect(openAI.json["error"]?["code"] == "rate_limit_exceeded")
            #expect(openAI.json["error"]?["message"]?.string?.hasPrefix("Wait ") == true)
            #expect(openAI["RateLimit-Policy"]?.contains("free-cooldown") == true)
            #expect(openAI.number("Retry-After") != nil)

            let face = try await host.post("/models/generate", ["inputs": "a pig"])
            #expect(face.status == 429)
            #expect(face.json["error"]?.string?.hasPrefix("Wait ") == true)
            #expect(face["RateLimit"] != nil)
            #expect(try await host.get("/status").status == 200)
        }
    }

    @Test @LoopActor func `a day's images stay counted when their jobs are deleted and the host is killed`()
        async throws
    {
        let limits: JSONValue = ["caller": ["perDay": 2], "timezone": "UTC"]
        try await withEdge(options([("host.limits", limits)])) { host in
            let answers = [
                try await host.small("a fox", [("Accept", "application/json")]),
                try await host.small("a hen", [("Accept", "application/json")]),
            ]
            for answer in answers {
                let id = try #require(answer.json["id"]?.string)
                try await eventually("its end") { host.doneJobs[id] != nil }
                #expect(try await host.delete("/functions/v1/status/\(id)").status == 204)
            }
            for round in 0..<3 {
                let refused = try await host.small("a cow \(round)")
                expectProblem(refused, 429, naming: ["2 images a day", "midnight"], "round \(round)")
                #expect(refused.json["code"] == "daily_limit")
                try await host.restart()
            }
            // Counted once: not by the file of counts and the traces together.
            changed(host, [("host.limits", ["caller": ["perDay": 3]])])
            try await eventually("the other limit") { host.output.text.contains("reloaded") }
            let last = try await host.small("a cow")
            #expect(last.status == 200)
            #expect(last["RateLimit"]?.contains(#""caller-day";r=0"#) == true, "\(last["RateLimit"] ?? "")")
        }
    }

    @Test @LoopActor func `a key, its end users and its groups are each held to their own`() async throws {
        let limits: JSONValue = ["user": ["perDay": 1], "group": ["perDay": 2], "caller": ["perDay": 4]]
        let tiers: JSONValue = ["free": ["cooldown": "0s", "perDay": 0]]
        try await withEdge(options([("host.limits", limits), ("host.tiers", tiers)])) { host in
            let bot = try await host.newKey("bot", ["--tier", "enterprise", "--on-behalf"])
            var count = 0
            func paint(_ user: String, _ group: String) async throws -> ProbeAnswer {
                count += 1
                let headers: Headers = [("x-api-key", bot), ("Edge-User", user), ("Edge-Group", group)]
                return try await host.small("picture \(count)", headers)
            }
            #expect(try await paint("u1", "g1").status == 200)
            expectProblem(try await paint("u1", "g2"), 429, naming: ["users of this app"])
            #expect(try await paint("u2", "g1").status == 200)
            expectProblem(try await paint("u3", "g1"), 429, naming: ["groups may make 2 images a day"])
            #expect(try await paint("u3", "g2").status == 200)
            #expect(try await paint("u4", "g2").status == 200)
            expectProblem(try await paint("u5", "g3"), 429, naming: ["callers may make 4 images"])
            #expect(try await host.small("by a stranger").status == 200)
        }
    }

    @Test @LoopActor func `requests of a minute count whatever answers them, and a changed limit holds at once`()
        async throws
    {
        try await withEdge(options([("host.limits", ["address": ["perMinute": 6]])])) { host in
            for _ in 0..<5 { #expect(try await host.small("a fox").status == 200) }
            #expect(try await host.get("/status").status == 200)
            for answer in [try await host.small("a fox"), try await host.get("/status")] {
                expectProblem(answer, 429, naming: ["6 requests a minute"])
                #expect(answer.json["code"] == "rate_limit")
                #expect((1...60).contains(answer.number("Retry-After") ?? 0))
            }
            #expect(try await host.get("/healthz").status == 200)
            changed(host, [])
            try await eventually("no limit", asking: { try await host.small("a fox").status == 200 })
            #expect(try await host.small("a fox")["RateLimit"] == nil)
        }
    }

    @Test @LoopActor func `a limit by addresses goes by the client behind a trusted proxy`() async throws {
        let changes: [(path: String, value: JSONValue)] = [
            ("host.limits", ["address": ["perDay": 1]]), ("host.trustedProxies", ["127.0.0.1"]),
        ]
        try await withEdge(options(changes)) { host in
            for (address, prompt, status) in [
                ("203.0.113.1", "one", 200), ("203.0.113.1", "two", 429), ("203.0.113.2", "two", 200),
                ("2001:db8::1", "three", 200), ("2001:db8::2", "four", 429),  // one customer's network
            ] {
                let answer = try await host.small(prompt, [("X-Forwarded-For", address)])
                #expect(answer.status == status, "\(address): \(answer.text)")
            }
        }
    }

    @Test @LoopActor func `with tiers in force a function's own cap gives way, and a key brings them into force`()
        async throws
    {
        let changes: [(path: String, value: JSONValue)] = [("functions.generate.job.perDay", 1)]
        try await withEdge(options(changes)) { host in
            #expect(try await host.small("one").status == 200)
            #expect(try await host.small("two").json["code"] == "daily_limit")
            let pro = try await host.newKey("app", ["--tier", "pro"])
            for number in 3..<6 { #expect(try await host.small("\(number)", [("x-api-key", pro)]).status == 200) }
            let told = try await host.small("six", [("x-api-key", pro)])
            #expect(told["RateLimit"]?.hasPrefix(#""pro-month";r=4996;t="#) == true, "\(told["RateLimit"] ?? "")")
            #expect(try await host.small("seven").status == 200)
            // On a machine that stood still for half a minute the next one passes too.
            var free = try await host.small("eight")
            for number in 9..<13 where free.status == 200 { free = try await host.small("\(number)") }
            #expect(free.json["code"] == "cooldown")
        }
    }

    @Test @LoopActor func `a tier's models and sizes are refused before the cache answers, with what is allowed`()
        async throws
    {
        let tiers: JSONValue = [
            "free": ["models": ["plain"], "sizes": ["128x64"], "cooldown": "0s"], "pro": ["models": ["sandbox"]],
        ]
        try await withEdge(options([("host.tiers", tiers)])) { host in
            let pro = try await host.newKey("app", ["--tier", "pro"])
            #expect(try await host.small("a fox", [("x-api-key", pro)], ["model": "fancy"]).status == 200)
            let model = try await host.small("a fox", [], ["model": "fancy"])
            expectProblem(model, 403, naming: ["free users", "plain"])
            #expect(model.json["code"] == "model_not_allowed")
            #expect(model.json["allowed"] == ["plain"])
            #expect(model.json["field"] == "model")
            expectProblem(try await host.small("a fox"), 403, naming: ["plain"])
            #expect(try await host.small("a fox", [], ["model": "plain"]).status == 200)
            #expect(try await host.small("a fox", [], ["model": "plain", "height": 128]).status == 200, "standing")
            let size = try await host.small("a fox", [], ["model": "plain", "width": 128, "height": 128])
            expectProblem(size, 403, naming: ["at most 128x64"])
            #expect(size.json["allowed"] == ["128x64"])
            expectProblem(try await host.get("/generate?prompt=a&model=plain&width=256"), 403)
            expectProblem(try await host.get("/generate?prompt=a&model=fancy&width=64&height=64"), 403)
            let openAI = try await host.post(
                "/v1/images/generations",
                ["prompt": "a", "size": "64x64", "model": "fancy"]
            )
            #expect(openAI.status == 403)
            #expect(openAI.json["error"]?["param"] == "model")
        }
    }

    @Test @LoopActor func `an operator's retry is held to no limit, and counts for nobody`() async throws {
        let limits: JSONValue = ["caller": ["perDay": 1]]
        var options = options([("host.limits", limits), ("functions.generate.job.attempts", 1)])
        options.environment = [("EDGE_SANDBOX_FAIL", "1")]
        try await withEdge(options) { host in
            let id = try await host.accepted(["prompt": "a fox", "width": 64, "height": 64])
            #expect(try await host.finished(id)["state"] == "failed")
            try await eventually("its end") { host.doneJobs[id] != nil }
            let arguments = ["jobs", "retry", id, "--state-dir", host.state]
            let retried = try await runEdge(arguments, in: host.folder)
            #expect(retried.exit == .exited(0), "\(retried.text)")
            try await eventually("no job under way") { host.activeJobs.isEmpty }
            expectProblem(try await host.small("a hen"), 429)
            changed(host, [("host.limits", ["caller": ["perDay": 2]]), ("functions.generate.job.attempts", 1)])
            try await host.restart()
            #expect(try await host.small("a hen").status != 429)
            #expect(try await host.small("a cow").status == 429)
        }
    }

    @Test @LoopActor func `edge run and the inbox are the operator's, who has no limits and needs no key`() async throws
    {
        let changes: [(path: String, value: JSONValue)] = [
            ("host.tiers", ["free": ["perDay": 1]]), ("host.limits", ["caller": ["perMinute": 1]]),
            ("functions.generate.auth", "required"),
        ]
        try await withEdge(options(changes)) { host in
            let lines = (0..<3).map { #"{"prompt": "boat \#($0)", "width": 64, "height": 64}"# }
            host.folder.write(lines.joined(separator: "\n"), to: "boats.jsonl")
            let run = try await runEdge(["run", "boats.jsonl", "--out", "out", "--state", host.state], in: host.folder)
            #expect(run.exit == .exited(0), "\(run.text)")
            for name in ["cow", "hen"] {
                let request = lines[0].replacing("boat", with: name)
                host.folder.write(#"{"function": "generate", "request": \#(request)}"#, to: "\(name).json")
                let moved = rename("\(host.folder.path)/\(name).json", "\(host.state)/jobs/inbox/\(name).json")
                #expect(moved == 0)
            }
            try await eventually("all five jobs") { host.doneJobs.count == 5 }
        }
    }

    @Test @LoopActor func `limits of nobody, in no zone, are mistakes with their place`() async throws {
        for (limits, part) in [
            (["timezone": "Europe/Atlantis"], "host.limits.timezone"), (["timezone": "../etc"], "no zone's name"),
            (["functions": ["paint": ["perDay": 1]]], "no function"), (["caller": ["perHour": 1]], "perHour"),
        ] as [(JSONValue, String)] {
            try await withEdge(options([])) { host in
                changed(host, [("host.limits", limits)])
                try await eventually("a line about it") { host.said.contains("not reloaded") }
                #expect(host.said.contains(part), "\(part) in \(host.said.suffix(500))")
                #expect(host.said.contains("functions.json:"))
            }
        }
    }
}
