// The end of a job is told to a receiver: signed, once, for as long as it takes.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct WebhookTests {
    init() { TestLoop.start() }

    private static let fox: JSONValue = ["prompt": "a fox", "width": 64, "height": 64]

    private static func options(
        _ changes: [(path: String, value: JSONValue)] = [],
        _ environment: [(name: String, value: String)] = []
    ) -> EdgeOptions {
        EdgeOptions(
            manifest: TestManifest.bundled(changes),
            environment: [
                ("EDGE_WEBHOOK_SECRET", SignedEvent.secret), ("EDGE_WEBHOOK_ALLOW", "127.0.0.1"),
                ("EDGE_WEBHOOK_WAITS", "1s"),
            ] + environment
        )
    }

    private static func asking(_ url: String, _ body: JSONValue = fox) -> JSONValue {
        var fields = body.object ?? [:]
        fields["webhook"] = .string(url)
        return .object(fields)
    }

    @LoopActor
    private func delivered(_ host: EdgeHost, _ state: String = "succeeded", count: Int = 1) async throws {
        try await eventually("\(count) deliveries that \(state)") {
            host.doneJobs.values.count { $0["function"] == "webhook" && $0["state"]?.string == state } >= count
        }
    }

    @Test @LoopActor func `a job that names a receiver is told of once, signed, and its file names the delivery`()
        async throws
    {
        let receiver = try ScriptedUpstream(always: .status(204))
        try await withEdge(Self.options()) { host in
            let id = try await host.accepted(Self.asking("\(receiver.url)/hook?token=hush-hush"))
            let event = try SignedEvent.read(try await receiver.request(1))
            try await delivered(host)
            let document = try await host.finished(id)
            let listed = try await runEdge(
                ["jobs", "list", "--function", "webhook", "--json", "--state-dir", host.state],
                in: host.folder
            )

            #expect(receiver.requests[0].target == "/hook?token=hush-hush")
            #expect(event["type"] == "job.succeeded")
            #expect(event["timestamp"] == document["finished"])
            #expect(event["data"] == document)
            #expect(event["data"]?["images"]?.array?.first?["url"]?.string?.hasPrefix("http://") == true)
            #expect(receiver.calls == 1)
            try await eventually("the mark") { host.doneJobs[id]?["webhook"]?["delivery"]?.string != nil }
            let delivery = try #require(host.doneJobs[id]?["webhook"]?["delivery"]?.string)
            #expect(listed.output.contains(delivery), "\(listed.text)")
            #expect(!host.said.contains("hush-hush"))
            #expect(!host.said.contains(SignedEvent.secret.dropFirst(6)))
            #expect(host.doneJobs.values.allSatisfy { !$0.text().contains(SignedEvent.secret.dropFirst(6)) })
            #expect(document["webhook"] == nil)
            expectProblem(try await host.get("/functions/v1/status/\(delivery)"), 404)
            expectProblem(try await host.delete("/functions/v1/status/\(delivery)"), 404)
            #expect(host.doneJobs[delivery] != nil)
        }
    }

    @Test @LoopActor func `the receiver is no part of the work: equal requests share it, and each is told of`()
        async throws
    {
        let receiver = try ScriptedUpstream(always: .status(200))
        try await withEdge(Self.options()) { host in
            let first = try await host.accepted(Self.asking("\(receiver.url)/1"))
            _ = try await host.finished(first)
            let plain = try await host.generate(Self.fox)
            let cached = try await host.generate(Self.asking("\(receiver.url)/2"))
            let again = try await host.generate(Self.asking("\(receiver.url)/2"))
            let query = "/generate?prompt=a+fox&width=64&height=64"
            _ = try await host.get(query)
            let byHeader = try await host.get(query, [("Edge-Webhook", "\(receiver.url)/3")])
            try await delivered(host, count: 4)

            #expect(plain["Cache-Status"]?.contains("hit") == true)
            #expect(cached["Cache-Status"]?.contains("hit") == true)
            #expect(cached.content == plain.content)
            #expect(again.status == 200)
            #expect(byHeader.status == 200)
            #expect(receiver.requests.map(\.target).sorted() == ["/1", "/2", "/2", "/3"])
            #expect(Set(receiver.requests.map { $0.header("webhook-id") ?? "" }).count == 4)
            for request in receiver.requests { #expect(try SignedEvent.read(request)["type"] == "job.succeeded") }
        }
    }

    @Test @LoopActor func `a receiver that fails gets the same event again, under the same id`() async throws {
        let receiver = try ScriptedUpstream([
            .status(500), .status(302, headers: [("Location", "/elsewhere")]), .reset, .status(202),
        ])
        try await withEdge(Self.options()) { host in
            _ = try await host.accepted(Self.asking(receiver.url))
            let last = try await receiver.request(4)
            try await delivered(host)

            let requests = receiver.requests
            #expect(Set(requests.map { $0.header("webhook-id") ?? "" }).count == 1)
            #expect(Set(requests.map(\.text)).count == 1)
            #expect(requests.allSatisfy { $0.target == "/" })
            for request in requests { _ = try SignedEvent.read(request) }
            #expect(last.header("webhook-timestamp") != requests[0].header("webhook-timestamp"))
            let delivery = try #require(host.doneJobs.values.first { $0["function"] == "webhook" })
            #expect(
                delivery["attempts"]?.array?.map { $0["outcome"]?.string }
                    == ["deferred", "deferred", "deferred", "succeeded"]
            )
            #expect(delivery["retry"]?["failures"] == 0)
        }
    }

    @Test @LoopActor func `410 ends the deliveries, and the job is as it was`() async throws {
        let receiver = try ScriptedUpstream(always: .status(410))
        try await withEdge(Self.options()) { host in
            let id = try await host.accepted(Self.asking(receiver.url))
            try await delivered(host, "failed")

            #expect(receiver.calls == 1)
            #expect(try await host.job(id)["state"] == "succeeded")
            let delivery = try #require(host.doneJobs.values.first { $0["function"] == "webhook" })
            #expect(delivery["error"]?["message"]?.string?.contains("410") == true)
        }
    }

    @Test @LoopActor func `failed and canceled jobs are told of as such`() async throws {
        let receiver = try ScriptedUpstream(always: .status(200))
        let environment = [("EDGE_SANDBOX_TIME", "60"), ("EDGE_SANDBOX_FAIL", "0")]
        try await withEdge(Self.options([], environment)) { host in
            let id = try await host.accepted(Self.asking(receiver.url))
            _ = try await host.job(id) { $0["state"] == "running" }
            _ = try await host.delete("/functions/v1/status/\(id)")
            let canceled = try SignedEvent.read(try await receiver.request(1))

            #expect(canceled["type"] == "job.canceled")
            #expect(canceled["data"]?["id"]?.string == id)
            #expect(canceled["data"]?["state"] == "canceled")
        }
        let failing = Self.options([("functions.generate.job.attempts", 1)], [("EDGE_SANDBOX_FAIL", "1")])
        try await withEdge(failing) { host in
            let refused = try await host.generate(Self.asking(receiver.url))
            let failed = try SignedEvent.read(try await receiver.request(2))

            #expect(refused.status >= 500)
            #expect(failed["type"] == "job.failed")
            #expect(failed["data"]?["id"] == refused.json["job"])
            #expect(failed["data"]?["error"]?["message"]?.string?.isEmpty == false)
        }
    }

    @Test @LoopActor
    func `a host that is killed before the receiver accepted goes on, and one that is killed later does not`()
        async throws
    {
        let gate = Gate()
        let receiver = try ScriptedUpstream { request in
            request.number == 1 ? .silence : .status(200).after(gate)
        }
        try await withEdge(Self.options()) { host in
            let id = try await host.accepted(Self.asking(receiver.url))
            let first = try await receiver.request(1)
            try await host.restart()
            let second = try await receiver.request(2)
            gate.open()
            try await delivered(host)
            try await host.restart()
            let other = try await host.accepted(Self.asking("\(receiver.url)/other", ["prompt": "a hen"]))
            let third = try await receiver.request(3)
            try await delivered(host, count: 2)

            #expect(first.header("webhook-id") == second.header("webhook-id"))
            #expect(first.text == second.text)
            #expect(third.target == "/other")
            #expect(receiver.calls == 3)
            #expect(host.doneJobs[id]?["webhook"]?["delivery"]?.string != nil)
            #expect(other != id)
            #expect(
                host.doneJobs.values.allSatisfy {
                    $0["attempts"]?.array?.allSatisfy { $0["perhapsPaid"] == nil } ?? true
                }
            )
        }
    }

    @Test @LoopActor func `a function's own receiver is told of every job, also of the clients of other APIs`()
        async throws
    {
        let receiver = try ScriptedUpstream(always: .status(200))
        let manifest: [(path: String, value: JSONValue)] = [
            ("functions.generate.webhook", .string("\(receiver.url)/all")),
            ("host.publicURL", "https://images.example/edge"),
        ]
        try await withEdge(Self.options(manifest)) { host in
            _ = try await host.generate(Self.fox)
            try await delivered(host)
            _ = try await host.generate(Self.fox)
            _ = try await host.post("/v1/images/generations", ["prompt": "a hen", "size": "64x64"])
            _ = try await host.generate(Self.asking("\(receiver.url)/own", ["prompt": "a cow"]))
            try await delivered(host, count: 3)

            #expect(receiver.requests.map(\.target).sorted() == ["/all", "/all", "/own"])
            for request in receiver.requests {
                let url = try SignedEvent.read(request)["data"]?["images"]?.array?.first?["url"]?.string
                #expect(url?.hasPrefix("https://images.example/edge/images/") == true)
            }
        }
    }

    @Test @LoopActor func `the clients of other APIs name a receiver too, by the header or in the body`() async throws {
        let receiver = try ScriptedUpstream(always: .status(200))
        try await withEdge(Self.options()) { host in
            let header: (String) -> Headers = { [("Edge-Webhook", "\(receiver.url)/\($0)")] }
            let two: JSONValue = ["prompt": "a hen", "size": "64x64", "n": 2]
            #expect(try await host.post("/v1/images/generations", two, header("two")).status == 200)
            try await delivered(host, count: 2)
            let parameters: JSONValue = ["width": 64, "height": 64]
            let pig: JSONValue = ["inputs": "a pig", "parameters": parameters]
            for _ in 0..<2 { #expect(try await host.post("/models/generate", pig).status == 200) }
            for name in ["made", "cached"] {
                #expect(try await host.post("/models/generate", pig, header("hf-\(name)")).status == 200)
            }
            let inBody: JSONValue = [
                "inputs": "a cow", "parameters": parameters, "webhook": .string("\(receiver.url)/body"),
            ]
            for _ in 0..<2 { #expect(try await host.post("/models/generate", inBody).status == 200) }
            try await delivered(host, count: 6)

            #expect(
                receiver.requests.map(\.target).sorted() == [
                    "/body", "/body", "/hf-cached", "/hf-made", "/two", "/two",
                ]
            )
            for request in receiver.requests { #expect(try SignedEvent.read(request)["type"] == "job.succeeded") }
            let wrong = try await host.post("/v1/images/generations", two, [("Edge-Webhook", "nonsense")])
            #expect(wrong.status == 400)
            #expect(wrong.json["error"]?["param"] == "webhook", "\(wrong.text)")
            #expect(try await host.post("/models/generate", pig, [("Edge-Webhook", "nonsense")]).status == 400)
        }
    }

    @Test @LoopActor func `a receiver inside is not called unless it is listed`() async throws {
        let receiver = try ScriptedUpstream(always: .status(200))
        var options = Self.options()
        options.environment.removeAll { $0.name == "EDGE_WEBHOOK_ALLOW" }
        try await withEdge(options) { host in
            _ = try await host.accepted(Self.asking(receiver.url))
            try await delivered(host, "failed")

            #expect(receiver.calls == 0)
            let delivery = try #require(host.doneJobs.values.first { $0["function"] == "webhook" })
            #expect(delivery["error"]?["message"]?.string?.contains("EDGE_WEBHOOK_ALLOW") == true)
        }
    }

    @Test @LoopActor func `what cannot be delivered is refused before any work`() async throws {
        var options = Self.options()
        options.environment.removeAll { $0.name == "EDGE_WEBHOOK_SECRET" }
        try await withEdge(options) { host in
            let unsigned = try await host.generate(Self.asking("https://app.example/"))
            expectProblem(unsigned, 400, naming: ["EDGE_WEBHOOK_SECRET"])
            #expect(host.activeJobs.isEmpty && host.doneJobs.isEmpty)
            #expect(try await host.generate(Self.fox).status == 200)
        }
        try await withEdge(Self.options()) { host in
            for bad: JSONValue in ["nonsense", "ftp://a.example/", 7, ["url": "https://app.example"]] {
                let answer = try await host.generate(["prompt": "a fox", "webhook": bad])
                expectProblem(answer, 400, naming: ["webhook"])
                #expect(answer.json["field"] == "webhook")
            }
            for path in ["/functions/v1/webhook", "/functions/v1/webhook/_edge/run", "/webhook"] {
                expectProblem(try await host.post(path, ["url": "https://app.example/"]), 404)
            }
            #expect(host.activeJobs.isEmpty && host.doneJobs.isEmpty)
            #expect(try await host.generate(["prompt": "a fox", "webhook": .null]).status == 200)
        }
    }

    @Test @LoopActor func `where the operator allows it, deliveries go out unsigned`() async throws {
        let receiver = try ScriptedUpstream(always: .status(200))
        var options = Self.options([], [("EDGE_WEBHOOK_UNSIGNED", "1")])
        options.environment.removeAll { $0.name == "EDGE_WEBHOOK_SECRET" }
        try await withEdge(options) { host in
            _ = try await host.accepted(Self.asking(receiver.url))
            let request = try await receiver.request(1)

            #expect(request.header("webhook-id") != nil)
            #expect(request.header("webhook-signature") == nil)
        }
    }

    @Test @LoopActor func `a secret that is none stops the start, and is not repeated`() async throws {
        let host = EdgeHost(EdgeOptions(environment: [("EDGE_WEBHOOK_SECRET", "hunter2-hunter2")]))
        try host.launch()
        let exit = try await host.ended()

        #expect(exit == .exited(1))
        #expect(host.said.contains("EDGE_WEBHOOK_SECRET"))
        #expect(!host.said.contains("hunter2"))
    }
}
