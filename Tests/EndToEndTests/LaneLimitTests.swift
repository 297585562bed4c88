// What holds a provider's calls back: quotas, limits that it tells, and a circuit that is open.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct LaneLimitTests {
    init() { TestLoop.start() }

    /// Calls are noted to the millisecond.
    private static let rounding = 1

    @Test @LoopActor func `calls keep their distance`() async throws {
        let providers = try RouteProviders()
        try await withEdge(providers.options([("quotas.openai", ["every": "300ms"])])) { host in
            var ids: [String] = []
            for number in 0..<8 {
                ids.append(try await host.accepted(["prompt": .string("fox \(number)"), "provider": "openai"]))
            }
            var done: [JSONValue] = []
            for id in ids { done.append(try await host.finished(id)) }

            #expect(done.allSatisfy { $0["state"] == "succeeded" })
            #expect(done.startGaps.count == 7)
            #expect(done.startGaps.allSatisfy { $0 >= 300 }, "\(done.startGaps)")
            #expect(providers.openai.calls == 8)
        }
    }

    @Test @LoopActor func `no more calls at once than allowed`() async throws {
        let gates = (0..<6).map { _ in Gate() }
        let openai = try OpenAIScript { number, _ in .held(gates[number - 1]) }
        let providers = try RouteProviders(openai: openai)
        try await withEdge(providers.options([("quotas.openai", ["atOnce": 2])])) { host in
            var ids: [String] = []
            for number in 0..<6 {
                ids.append(try await host.accepted(["prompt": .string("fox \(number)"), "provider": "openai"]))
            }
            for number in 0..<6 {
                try await openai.called(min(number + 2, 6))
                #expect(openai.calls <= number + 2)
                if number < 5 { #expect(try await host.lane("openai")["quotaLeft"]?["atOnce"] == 0) }
                gates[number].open()
            }
            for id in ids { #expect(try await host.finished(id)["state"] == "succeeded") }
        }
    }

    @Test("Quotas hold across a kill", arguments: ["huggingface", "runware"])
    @LoopActor func survivesKill(provider: String) async throws {
        let times = CallTimes()
        let gate = Gate()
        let providers = try RouteProviders(
            runware: try RunwareScript { number, _ in
                times.note()
                return number == 1 ? .held(gate) : .normal
            },
            huggingface: try HuggingFaceScript { number, _ in
                times.note()
                return number == 1 ? .held(gate) : .image
            }
        )
        // Beyond the hour that the last one waits.
        let deadline: [(String, JSONValue)] = [("functions.generate.job.deadline", "3h")]
        let options = providers.options(
            [("quotas.\(provider)", ["every": "2s", "hour": provider == "runware" ? 3 : 2])],
            manifest: deadline
        )
        try await withEdge(options) { host in
            let first = try await host.accepted(["prompt": "a fox", "provider": .string(provider)])
            let second = try await host.accepted(["prompt": "an owl", "provider": .string(provider)])
            try await eventually("the first call") { times.times.count == 1 }
            try await host.restart()
            // Of Hugging Face the first is asked for again, for nobody knows what became of it.
            try await eventually("the second call") { times.times.count == 2 }
            let done = try await host.job(provider == "runware" ? second : first) { $0["state"] != "queued" }

            // A job that ends between the two looks is in both.
            let gaps = Array(host.activeJobs.merging(host.doneJobs) { _, done in done }.values).startGaps
            #expect(!gaps.isEmpty && gaps.allSatisfy { $0 >= 2000 }, "\(gaps)")
            #expect(done["state"] != "failed")
            if provider == "huggingface" {
                // Two in an hour are made: the third waits.
                #expect(try await host.finished(first)["state"] == "succeeded")
                #expect(try await host.job(second)["state"] == "queued")
                #expect(try await host.lane(provider)["quotaLeft"]?["hour"] == 0)
            } else {
                // The question about the first counts as a call, for it may end in one.
                #expect(try await host.finished(first)["state"] == "succeeded")
                #expect(providers.runware.paid(for: "a fox") == 1)
            }
            #expect(times.times.count == 2)
        }
    }

    @Test @LoopActor func `a day's quota that is spent before a restart holds after it, with a job removed too`()
        async throws
    {
        let providers = try RouteProviders()
        let options = providers.options([("quotas.openai", ["day": 2])])
        try await withEdge(options) { host in
            let first = try await host.ended(["prompt": "a fox", "provider": "openai"])
            _ = try await host.ended(["prompt": "an owl", "provider": "openai"])
            #expect(try await host.delete("/functions/v1/status/\(first["id"]?.string ?? "")").status == 204)
            try await host.settled()
            for _ in 0..<2 {
                try await host.restart()
                let refused = try await host.generate(["prompt": "a hare", "provider": "openai"])
                let told = try await runEdge(["providers", "--state", host.state], in: host.folder)

                // The day ends long after the job's deadline.
                expectProblem(refused, 429, naming: ["deadline", "quota"])
                #expect((80_000...86_401).contains(refused.number("Retry-After") ?? 0), "\(refused.headers)")
                #expect(told.output.contains("0 a day"), "\(told.text)")
            }
            let other = try await host.ended(["prompt": "a hare", "provider": ["openai", "huggingface"]])

            #expect(other.lanesTried == ["huggingface"])
            #expect(providers.openai.calls == 2)
        }
    }

    @Test @LoopActor func `a limit that comes all the same moves the whole lane, also across a restart`() async throws {
        let times = CallTimes()
        let openai = try OpenAIScript { number, _ in
            times.note()
            return number == 1 ? .limited([("Retry-After", "3")]) : .image
        }
        let providers = try RouteProviders(openai: openai)
        try await withEdge(providers.options()) { host in
            let first = try await host.accepted(["prompt": "a fox", "provider": "openai"])
            try await eventually("the wait on disk") {
                host.activeJobs[first]?["nextAttemptAt"]?.string != nil || host.doneJobs[first] != nil
            }
            try await host.restart()
            let second = try await host.accepted(["prompt": "an owl", "provider": "openai"])
            let done = (try await host.finished(first), try await host.finished(second))

            #expect(done.0["state"] == "succeeded" && done.1["state"] == "succeeded")
            #expect(done.0.outcomes == ["deferred", "succeeded"])
            #expect(times.times.count == 3)
            #expect((times.gaps.first ?? 0) >= 3000 - Self.rounding, "\(times.gaps)")
        }
    }

    @Test @LoopActor
    func `a circuit opens, is shown, is passed by, and closes after one probe`() async throws {
        let gate = Gate()
        let times = CallTimes()
        let huggingface = try HuggingFaceScript { number, _ in
            times.note()
            return number <= 5 ? .error(500, "down") : .held(gate)
        }
        let providers = try RouteProviders(huggingface: huggingface)
        try await withEdge(providers.options([("route.use", ["huggingface", "openai"])])) { host in
            for number in 0..<5 {
                #expect(try await host.ended(["prompt": .string("fox \(number)")])["provider"] == "openai")
            }
            #expect(try await host.lane("huggingface")["circuit"] == "open")
            #expect(try await host.circuitMetric("huggingface") == "2")
            let passed = try await host.ended(["prompt": "passed by"])
            #expect(passed["provider"] == "openai")
            let reason = passed.attempts.first?["passed"]?.array?.first?["reason"]?.string
            #expect(reason?.contains("circuit is open until") == true, "\(passed.text())")
            #expect(huggingface.calls == 5)

            // Nobody else can do these: they wait for the circuit, and one of them goes first.
            var ids: [String] = []
            for number in 0..<3 {
                ids.append(try await host.accepted(["prompt": .string("owl \(number)"), "provider": "huggingface"]))
            }
            try await eventually("a probe") { huggingface.calls == 6 }
            #expect((times.gaps.last ?? 0) >= 30_000 - Self.rounding, "\(times.gaps)")
            #expect(try await host.lane("huggingface")["circuit"] == "probing")
            #expect(try await host.circuitMetric("huggingface") == "1")
            #expect(huggingface.calls == 6, "one probe, and nobody beside it")
            gate.open()
            for id in ids { #expect(try await host.finished(id)["state"] == "succeeded") }
            #expect(try await host.lane("huggingface")["circuit"] == "closed")
            #expect(try await host.circuitMetric("huggingface") == "0")
            #expect(huggingface.calls == 8)
        }
    }
}
