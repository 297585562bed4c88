// What may be spent: budgets, stops and what the ledger tells, with a provider that costs money.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct SpendTests {
    init() { TestLoop.start() }

    /// Micro-dollars of one of the scripted provider's results.
    private static let cost: Int64 = 3100
    private static let prices: (path: String, value: JSONValue) = (
        "prices", [["provider": "runware", "microdollars": .integer(cost)]]
    )

    private static func cap(_ limit: JSONValue, _ more: JSONObject = [:]) -> (path: String, value: JSONValue) {
        var budget: JSONObject = ["name": "cap", "per": "day", "limit": limit]
        for member in more.members { budget[member.key] = member.value }
        return ("host.budgets", [.object(budget)])
    }

    private static func asked(_ prompt: String) -> JSONValue { ["prompt": .string(prompt), "provider": "runware"] }

    @LoopActor
    private func spend(_ host: EdgeHost, _ arguments: String...) async throws -> EdgeCommandResult {
        try await runEdge(["spend"] + arguments + ["--state", host.state], in: host.folder)
    }

    @LoopActor
    private func usage(_ host: EdgeHost, _ arguments: String...) async throws -> EdgeCommandResult {
        try await runEdge(["usage"] + arguments + ["--state", host.state], in: host.folder)
    }

    @LoopActor
    private func spent(_ host: EdgeHost, by grouping: String = "provider") async throws -> JSONValue {
        let result = try await usage(host, "--by", grouping, "--json")
        #expect(result.exit == .exited(0), "\(result.text)")
        return try JSONValue.parse(result.output)
    }

    /// An image's bytes are answered before its charge is settled.
    @LoopActor
    private func expectSpent(_ amount: Int64, _ host: EdgeHost) async throws {
        try await eventually(
            "charges of \(amount)",
            asking: { try await spent(host)["total"]?["microdollars"]?.integer == amount }
        )
    }

    @Test @LoopActor func `64 clients that hammer a cap with one image left buy exactly one`() async throws {
        let providers = try RouteProviders()
        let options = providers.options([Self.prices], manifest: [Self.cap("$0.0031")])
        try await withEdge(options) { host in
            var probes: [HTTPProbe] = []
            for number in 0..<64 {
                let probe = try await host.connect()
                probe.request("POST", "/generate", body: Array(Self.asked("kite \(number)").text().utf8))
                probes.append(probe)
            }
            var answers: [ProbeAnswer] = []
            for probe in probes {
                answers.append(try await probe.answer())
                probe.leave()
            }

            #expect(answers.count { $0.status == 200 } == 1)
            #expect(providers.runware.paidInAll == 1)
            let refused = answers.filter { $0.status == 402 }
            #expect(refused.count == 63)
            for answer in refused {
                #expect(answer.json["code"] == "budget", "\(answer.text)")
                #expect(answer.json["budget"]?["name"] == "cap")
                #expect(answer["Retry-After"] != nil)
            }
            try await expectSpent(Self.cost, host)
            // What is cached is still answered.
            let made = try #require(answers.firstIndex { $0.status == 200 })
            #expect(try await host.generate(Self.asked("kite \(made)")).status == 200)
        }
    }

    @Test("A kill between reserving and settling", arguments: ["before the answer", "after it"])
    @LoopActor func kills(when: String) async throws {
        let gate = Gate()
        let runware = try RunwareScript(when == "after it" ? [] : [.held(gate)])
        let providers = try RouteProviders(runware: runware)
        let options = providers.options([Self.prices], manifest: [Self.cap("$0.0062")])
        try await withEdge(options) { host in
            let id = try await host.accepted(Self.asked("a kite"))
            try await runware.called(1)
            if when == "after it" { _ = try await host.finished(id) }
            try await host.restart()
            let done = try await host.finished(id)
            let second = try await host.generate(Self.asked("an owl"))
            let third = try await host.generate(Self.asked("a hen"))

            #expect(done["state"] == "succeeded", "\(done.text())")
            #expect(runware.paid(for: "a kite") == 1)
            #expect(second.status == 200, "\(second.text)")
            #expect(third.status == 402, "\(third.text)")
            try await expectSpent(2 * Self.cost, host)
            let shown = try await spend(host).output
            #expect(shown.contains("reserved          $0.00\n"), "\(shown)")
            #expect(shown.contains("spent today       $0.0062\n"), "\(shown)")
        }
    }

    @Test @LoopActor
    func `an unknown price under a budget is refused with what to set, and a default stop refuses none`()
        async throws
    {
        let providers = try RouteProviders()
        try await withEdge(providers.options(manifest: [Self.cap("$5")])) { host in
            let answer = try await host.generate(Self.asked("a kite"))

            expectProblem(answer, 402, naming: ["runware", "prices", "cap"])
            #expect(answer.json["code"] == "price_unknown")
            #expect(providers.runware.sent.isEmpty)
        }
        try await withEdge(providers.options()) { host in
            let answer = try await host.generate(Self.asked("a kite"))

            #expect(answer.status == 200)
            try await expectSpent(Self.cost, host)
        }
    }

    @Test @LoopActor func `a cost above the price is settled in full, warned of, and counts for who comes next`()
        async throws
    {
        let providers = try RouteProviders()
        let low: (path: String, value: JSONValue) = ("prices", [["provider": "runware", "microdollars": 1000]])
        try await withEdge(providers.options([low], manifest: [Self.cap("$0.0035")])) { host in
            let first = try await host.ended(Self.asked("a kite"))
            let second = try await host.generate(Self.asked("an owl"))

            #expect(first["state"] == "succeeded", "\(first.text())")
            #expect(second.status == 402)
            try await eventually("the log to say it") {
                host.said.contains("runware took $0.0021 more than the price that was reserved")
            }
            try await expectSpent(Self.cost, host)
        }
    }

    @Test @LoopActor func `equal requests at once are charged once, and cached ones nothing`() async throws {
        let gate = Gate()
        let providers = try RouteProviders(runware: try RunwareScript([.held(gate)]))
        try await withEdge(providers.options([Self.prices], manifest: [Self.cap("$0.0031")])) { host in
            let first = try await host.accepted(Self.asked("a kite"))
            let second = try await host.accepted(Self.asked("a kite"))
            gate.open()
            for id in [first, second] { #expect(try await host.finished(id)["state"] == "succeeded") }
            #expect(try await host.generate(Self.asked("a kite")).status == 200)

            try await expectSpent(Self.cost, host)
            #expect(try await spent(host)["total"]?["charges"]?.integer == 1)
        }
    }

    @Test @LoopActor func `the operator stops paid work and lets it go on, and what is free goes all the time`()
        async throws
    {
        let providers = try RouteProviders()
        try await withEdge(providers.options([Self.prices])) { host in
            #expect(try await host.generate(Self.asked("a kite")).status == 200)
            #expect(try await spend(host, "stop").exit == .exited(0))

            let stopped = try await host.generate(Self.asked("an owl"))
            expectProblem(stopped, 503, naming: ["stopped paid work"])
            #expect(stopped.json["code"] == "spend_stopped")
            #expect(try await host.generate(Self.asked("a kite")).status == 200)
            #expect(
                try await host.generate(["prompt": "a fox", "provider": "sandbox", "width": 64, "height": 64]).status
                    == 200
            )
            try await host.restart()
            #expect(try await host.generate(Self.asked("an owl")).status == 503)
            #expect(try await spend(host).output.contains("paid work is stopped"))

            #expect(try await spend(host, "resume").output == "paid work is accepted again\n")
            #expect(try await spend(host, "resume").output.contains("nothing has changed"))
            #expect(try await host.generate(Self.asked("an owl")).status == 200)
            #expect(try await spend(host).output.contains("paid work is accepted"))
        }
    }

    @Test @LoopActor func `the amount of the day warns, stops and goes on when its owner says so`() async throws {
        let providers = try RouteProviders()
        let marks: (path: String, value: JSONValue) = ("host.spend", ["warn": "$0.003", "stop": "$0.004"])
        try await withEdge(providers.options([Self.prices], manifest: [marks])) { host in
            #expect(try await host.ended(Self.asked("a kite"))["state"] == "succeeded")
            let refused = try await host.generate(Self.asked("an owl"))

            expectProblem(refused, 402, naming: ["edge spend resume", "host.spend.stop"])
            #expect(refused.json["code"] == "spend_stopped")
            #expect(refused["Retry-After"] != nil)
            try await eventually("the log to say it") { host.said.contains("the amount to warn at is $0.003") }
            try await eventually("the log to say it") {
                host.said.contains("(host.spend.stop) does not pay for is refused until")
            }
            let metrics = try await host.get("/metrics").text
            #expect(metrics.contains("edge_spent_dollars_total{provider=\"runware\"} 0.0031"), "\(metrics)")
            #expect(metrics.contains("edge_spend_stopped 1"))
            #expect(metrics.contains("edge_spend_alerts_total{kind=\"stop\"} 1"))

            #expect(try await spend(host, "resume").output.contains("the amount of the day counts from now"))
            #expect(try await host.ended(Self.asked("an owl"))["state"] == "succeeded")
            #expect(try await host.generate(Self.asked("a hen")).status == 402)
        }
    }

    @Test @LoopActor func `a key has a budget of its own, and a change of settings counts at once`() async throws {
        let providers = try RouteProviders()
        try await withEdge(providers.options([Self.prices])) { host in
            let made = try await runEdge(
                [
                    "keys", "create", "--name", "app", "--tier", "pro", "--budget", "$0.0031/month", "--state",
                    host.state,
                ],
                in: host.folder
            )
            #expect(made.exit == .exited(0), "\(made.text)")
            let wrong = try await runEdge(
                ["keys", "create", "--name", "b", "--tier", "pro", "--budget", "5", "--state", host.state],
                in: host.folder
            )
            #expect(wrong.errors.contains("$5/month"), "\(wrong.text)")
            let key = made.output.split(separator: "\n").first.map(String.init) ?? ""
            try await eventually(
                "the first image by that key",
                asking: { try await host.generate(Self.asked("a kite"), [("x-api-key", key)]).status == 200 }
            )
            let mine: [(String, String)] = [("x-api-key", key)]
            _ = try await host.generate(["prompt": "mine", "provider": "runware"], mine)
            let refused = try await host.generate(Self.asked("an owl"), mine)

            expectProblem(refused, 402, naming: ["the key app"])
            #expect(refused.json["budget"]?["period"] == "month")
            #expect(try await host.generate(Self.asked("an owl")).status == 200)
            let listed = try await runEdge(["keys", "list", "--state", host.state], in: host.folder).output
            #expect(listed.contains("$0.0031/month"), "\(listed)")
        }
    }

    @Test @LoopActor func `users of one name have a budget each where different keys name them, and one can be named`()
        async throws
    {
        let providers = try RouteProviders()
        let one = JSONValue.integer(Self.cost)
        let budgets: (path: String, value: JSONValue) = (
            "host.budgets",
            [
                ["name": "each user", "for": "user", "per": "day", "limit": one],
                ["name": "one of b", "for": "user", "of": "b/eve", "per": "day", "limit": 0],
                ["name": "a guild", "for": "group", "of": "b/guild", "per": "day", "limit": 0],
                ["name": "nobody", "for": "user", "of": "c/eve", "per": "day", "limit": 0],
            ]
        )
        try await withEdge(providers.options([Self.prices], manifest: [budgets])) { host in
            let a = [("x-api-key", try await host.newKey("a", ["--tier", "pro", "--on-behalf"]))]
            let b = [("x-api-key", try await host.newKey("b", ["--tier", "pro", "--on-behalf"]))]
            let ada = [("Edge-User", "ada")]
            let eve = [("Edge-User", "eve")]
            #expect(try await host.generate(Self.asked("a kite"), a + ada).status == 200)
            #expect(try await host.generate(Self.asked("an owl"), b + ada).status == 200)
            let refused = try await host.generate(Self.asked("a hen"), a + ada)
            expectProblem(refused, 402, naming: ["each user", "for ada"])
            #expect(refused.json["budget"]?["subject"] == "ada")
            #expect(try await host.generate(Self.asked("a hen"), a + eve).status == 200)
            expectProblem(try await host.generate(Self.asked("a cow"), b + eve), 402, naming: ["one of b"])
            let guild = b + [("Edge-Group", "guild")]
            expectProblem(try await host.generate(Self.asked("a cow"), guild), 402, naming: ["a guild"])
            #expect(try await host.generate(Self.asked("a cow"), a + [("Edge-Group", "guild")]).status == 200)
            #expect(host.said.contains("(c/eve), so nothing is counted there"))

            try await expectSpent(4 * Self.cost, host)
            for isUp in [true, false] {
                if !isUp { try await host.kill() }
                let lines = try await usage(host, "--by", "user", "--csv").output.split(separator: "\n")
                #expect(lines.dropFirst().map { String($0.prefix { $0 != "," }) } == ["a", "a/ada", "a/eve", "b/ada"])
            }
            try await host.start()
            #expect(try await host.generate(Self.asked("a pig"), a + ada).status == 402)
            #expect(try await spend(host).output.contains("user b/eve"))
        }
    }

    @Test @LoopActor func `a host whose ledger is damaged does not start, and runs no job on empty sums`() async throws
    {
        let gate = Gate()
        let runware = try RunwareScript([.normal, .held(gate)])
        let providers = try RouteProviders(runware: runware)
        try await withEdge(providers.options([Self.prices], manifest: [Self.cap("$0.0062")])) { host in
            #expect(try await host.ended(Self.asked("a kite"))["state"] == "succeeded")
            try await expectSpent(Self.cost, host)
            _ = try await host.accepted(Self.asked("an owl"))
            try await runware.called(2)
            try await host.kill()
            gate.open()
            // The command is the last to close the database, which leaves one file.
            #expect(try await usage(host).exit == .exited(0))
            let sent = runware.sent.count
            damageFile("\(host.state)/edge.sqlite", at: 4096)
            let before = host.said
            try host.launch()
            #expect(try await host.ended() == .exited(1))

            let said = host.said.dropFirst(before.count)
            let errors = said.split(separator: "\n").filter { $0.contains("edge.sqlite") }
            #expect(errors.count == 1, "\(said)")
            #expect(errors.first?.contains("is damaged") == true && errors.first?.contains("move it away") == true)
            #expect(runware.sent.count == sent)
            #expect(host.activeJobs.count == 1)
        }
    }

    @Test @LoopActor func `usage is the sum of what jobs say that they have spent, with a host and without one`()
        async throws
    {
        let providers = try RouteProviders()
        try await withEdge(providers.options([Self.prices])) { host in
            for number in 0..<5 {
                #expect(try await host.ended(Self.asked("kite \(number)"))["state"] == "succeeded")
            }
            _ = try await host.ended(["prompt": "free", "provider": "sandbox", "width": 64, "height": 64])
            try await eventually("all ends on disk") { host.doneJobs.count == 6 }
            let jobs = host.doneJobs.values.reduce(Int64(0)) { $0 + ($1["spent"]?.integer ?? 0) }

            #expect(jobs == 5 * Self.cost)
            for grouping in ["user", "provider", "day", "function", "tier", "key"] {
                #expect(try await spent(host, by: grouping)["total"]?["microdollars"]?.integer == jobs, "\(grouping)")
            }
            let removed = try await host.delete("/functions/v1/status/\(try #require(host.doneJobs.keys.first))")
            #expect(removed.status == 204)
            let table = try await usage(host).output
            #expect(table.contains("$0.0155"), "\(table)")
            try await host.kill()
            #expect(try await spent(host)["total"]?["microdollars"]?.integer == jobs)
            #expect(try await spend(host).output.contains("spent today       $0.0155"))
            #expect(try await usage(host, "--by", "provider", "--csv").output.contains("runware,5,15500,0,0,0,0\n"))
            #expect(try await usage(host, "--by", "nobody").exit == .exited(2))
        }
    }

    @Test @LoopActor func `mistakes in what may be spent are told with their line`() async throws {
        var options = EdgeOptions()
        options.manifest = TestManifest.bundled([
            (
                "host.budgets",
                [
                    ["name": "a", "limit": "5"], ["name": "a", "per": "week", "limit": "$5", "of": "x"],
                    ["name": "c", "for": "user", "of": "ada", "per": "day", "limit": "$5"],
                    ["name": "d", "for": "group", "of": "user:x", "per": "day", "limit": "$5"],
                ]
            ),
            ("host.spend", ["warn": "much", "stopp": "$3"]), ("host.timeZone", "Mars/Olympus"),
        ])
        let host = EdgeHost(options)
        try host.launch()
        let exit = try await host.ended()

        #expect(exit == .exited(1))
        let said = host.said
        for part in [
            "host.budgets[0].limit", "$30", "the key per is missing", "did you mean", "host.spend.warn",
            "host.budgets[1].of", "host.budgets[2].of", "app/ada", "host.budgets[3].of",
        ] {
            #expect(said.contains(part), "\(part) in \(said)")
        }
    }
}
