// Who waits for whom, as callers see it.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct QueueTests {
    init() { TestLoop.start() }

    @LoopActor
    private func options(
        _ upstream: HuggingFaceScript,
        _ more: [(path: String, value: JSONValue)] = []
    ) -> EdgeOptions {
        EdgeOptions(
            manifest: TestManifest.bundled(
                [("functions.generate.job.concurrency", 1), ("functions.generate.job.perDay", 0)] + more
            ),
            environment: upstream.environment
        )
    }

    /// A new key's header, once the host knows the key.
    @LoopActor
    private func key(_ host: EdgeHost, _ name: String, _ tier: String, _ more: [String] = []) async throws -> Headers {
        let made = try await runEdge(
            ["keys", "create", "--name", name, "--tier", tier, "--state", host.state] + more,
            in: host.folder
        )
        #expect(made.exit == .exited(0), "\(made.text)")
        let header: Headers = [("x-api-key", made.output.split(separator: "\n").first.map(String.init) ?? "")]
        // Admission refuses an empty body, but a key that is not known comes first.
        try await eventually("the host to know \(name)", asking: { try await host.generate([:], header).status != 401 })
        return header
    }

    @LoopActor
    private func accepted(_ host: EdgeHost, _ prompt: String, _ headers: Headers = []) async throws -> JSONValue {
        let answer = try await host.generate(["prompt": .string(prompt)], headers + [("Prefer", "respond-async")])
        #expect(answer.status == 202, "\(answer.text)")
        return answer.json
    }

    private func id(_ document: JSONValue) -> String { document["id"]?.string ?? "" }

    @Test @LoopActor func `a premium key's job overtakes free ones that wait, and users of one key take turns`()
        async throws
    {
        let gate = Gate()
        let upstream = try HuggingFaceScript { number, _ in number == 1 ? .held(gate) : .image }
        let free: JSONValue = ["cooldown": "0s", "perDay": 0]
        try await withEdge(options(upstream, [("host.tiers.free", free)])) { host in
            let premium = try await key(host, "paid", "premium")
            let bot = try await key(host, "bot", "free", ["--on-behalf"])
            _ = try await accepted(host, "running")
            try await upstream.called(1)
            var ids: [String] = []
            for number in 0..<20 {
                ids.append(id(try await accepted(host, "greedy \(number)", bot + [("Edge-User", "greedy")])))
            }
            let other = try await accepted(host, "other", bot + [("Edge-User", "shy")])
            let paid = try await accepted(host, "paid", premium)

            #expect(paid["position"] == 1)
            #expect(paid["estimatedStart"] == .null, "nothing has ended yet")
            #expect(other["position"] == 2)
            #expect(try await host.job(ids[19])["position"] == 22)
            gate.open()
            for id in ids + [self.id(other), self.id(paid)] { _ = try await host.finished(id) }
            #expect(Array(upstream.prompts.prefix(4)) == ["running", "paid", "greedy 0", "other"])
        }
    }

    @Test @LoopActor func `free work is refused at once when it would begin too late, with the time to come back`()
        async throws
    {
        let upstream = try HuggingFaceScript()
        let tiers: JSONValue = [
            "free": ["wait": "1s", "overflow": "0s", "cooldown": "0s"], "premium": ["wait": "1s"],
        ]
        var options = options(upstream, [("host.tiers", tiers)])
        options.settings = TestSettings.bundled([
            ("results.allow", ["127.0.0.1", "::1"]), ("quotas.huggingface", ["every": "5m"]),
        ])
        try await withEdge(options) { host in
            let premium = try await key(host, "paid", "premium")
            _ = try await host.finished(id(try await accepted(host, "first")))
            try await eventually(
                "its place to be free",
                asking: {
                    try await host.get("/status").json["queue"]?["running"] == 0
                }
            )
            let refused = try await host.generate("too late")
            let paid = try await accepted(host, "paid", premium)

            expectProblem(refused, 503, naming: ["busy, try again in about"])
            #expect(refused.json["code"] == "busy")
            let seconds = try #require(refused.number("Retry-After"))
            #expect((1...300).contains(seconds), "\(seconds)")
            #expect(refused.json["retryAfter"]?.integer == Int64(seconds))
            #expect(paid["position"] == 1)
            #expect(paid["estimatedStart"]?.string != nil)
        }
    }

    @Test @LoopActor func `an event stream tells how place and estimate change while a job waits`() async throws {
        let gates = (0..<3).map { _ in Gate() }
        let upstream = try HuggingFaceScript { number, _ in number <= 3 ? .held(gates[number - 1]) : .image }
        try await withEdge(options(upstream)) { host in
            var ids: [String] = []
            for number in 0..<4 { ids.append(id(try await accepted(host, "fox \(number)"))) }
            try await upstream.called(1)
            let probe = try await host.connect()
            probe.request("GET", "/status/\(ids[3])", [("Accept", "text/event-stream")])
            _ = try await probe.head()
            func event(_ isTrue: (JSONValue) -> Bool) async throws -> JSONValue {
                while let event = try await probe.event() { if isTrue(event.json) { return event.json } }
                return .null
            }

            let first = try await event { _ in true }
            #expect(first["position"] == 3 && first["estimatedStart"] == .null)
            gates[0].open()
            let second = try await event { $0["position"] != 3 }
            #expect(second["position"] == 2)
            #expect(second["estimatedStart"]?.string != nil)
            _ = try await host.delete("/status/\(ids[2])")
            let third = try await event { $0["position"] != 2 }
            #expect(third["position"] == 1)
            gates[1].open()
            let running = try await event { $0["state"] != "queued" }
            #expect(running["position"] == .null && running["estimatedStart"] == .null)
            gates[2].open()
            #expect(try await event { $0["state"] == "succeeded" } != .null)
            probe.leave()
        }
    }
}
