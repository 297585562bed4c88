// The owner's receiver is told when a day's spending comes to a set amount.
import CivilTime
import EdgeLoop
import JSON
import TestSupport
import Testing

struct SpendAlertTests {
    init() { TestLoop.start() }

    /// Micro-dollars of one of the scripted provider's results.
    private static let prices: (path: String, value: JSONValue) = (
        "prices", [["provider": "runware", "microdollars": 3100]]
    )

    @LoopActor
    private func options(_ providers: RouteProviders, _ url: String, secret: Bool = true) -> EdgeOptions {
        var options = providers.options(
            [Self.prices],
            manifest: [
                ("host.spend", ["warn": "$0.003", "stop": "$0.004", "webhook": .string(url)]),
                ("host.publicURL", "https://images.example/edge"), ("host.timeZone", "Europe/Berlin"),
            ]
        )
        options.environment += [("EDGE_WEBHOOK_ALLOW", "127.0.0.1"), ("EDGE_WEBHOOK_WAITS", "1s")]
        if secret { options.environment.append(("EDGE_WEBHOOK_SECRET", SignedEvent.secret)) }
        return options
    }

    private static func asked(_ prompt: String) -> JSONValue { ["prompt": .string(prompt), "provider": "runware"] }

    @LoopActor
    private static func deliveries(_ host: EdgeHost) -> [JSONValue] {
        host.doneJobs.values.filter { $0["function"] == "webhook" && $0["state"] == "succeeded" }
    }

    @Test @LoopActor func `the receiver is told of the warning and of the stop, each once, also after restarts`()
        async throws
    {
        let receiver = try ScriptedUpstream { $0.number == 1 ? .status(500) : .status(200) }
        let providers = try RouteProviders()
        try await withEdge(options(providers, "\(receiver.url)/money?token=hush-hush")) { host in
            #expect(try await host.ended(Self.asked("a secret kite"))["state"] == "succeeded")
            let failed = try await receiver.request(1)
            let warning = try await receiver.request(2)
            #expect(try await host.generate(Self.asked("an owl")).status == 402)
            #expect(try await host.generate(Self.asked("an owl")).status == 402)
            let stopped = try await receiver.request(3)
            try await eventually("both deliveries") { Self.deliveries(host).count == 2 }
            for _ in 0..<2 {
                try await host.restart()
                #expect(try await host.generate(Self.asked("an owl")).status == 402)
            }
            let resumed = try await runEdge(["spend", "resume", "--state", host.state], in: host.folder)
            #expect(resumed.exit == .exited(0), "\(resumed.text)")
            #expect(try await host.ended(Self.asked("an owl"))["state"] == "succeeded")
            #expect(try await host.generate(Self.asked("a hen")).status == 402)
            let again = try await receiver.request(4)

            let event = try SignedEvent.read(warning)
            #expect(failed.text == warning.text && failed.header("webhook-id") == warning.header("webhook-id"))
            #expect(event["type"] == "spend.warning")
            let data = try #require(event["data"])
            #expect(data["limit"] == 3000 && data["spent"] == 3100 && data["reserved"] == 0, "\(data.text())")
            #expect(data["timeZone"] == "Europe/Berlin" && data["host"] == "https://images.example/edge")
            #expect(data["day"]?.string?.count == 10)
            let renews = try #require(data["renews"]?.string.flatMap { Timestamp(iso8601: $0) })
            #expect(renews > .now())
            #expect(data["message"]?.string?.contains("host.spend.warn") == true)
            let stop = try SignedEvent.read(stopped)
            #expect(stop["type"] == "spend.stopped")
            #expect(stop["data"]?["limit"] == 4000)
            #expect(stop["data"]?["message"]?.string?.contains("edge spend resume") == true)
            #expect(try SignedEvent.read(again)["type"] == "spend.stopped")
            #expect(Set(receiver.requests.map { $0.header("webhook-id") ?? "" }).count == 3)
            #expect(receiver.calls == 4)
            #expect(receiver.requests.allSatisfy { !$0.text.contains("kite") && $0.target == "/money?token=hush-hush" })
            #expect(!host.said.contains("hush-hush"))
            // Deliveries cost nothing and are nobody's charges.
            let usage = try await runEdge(
                ["usage", "--by", "function", "--csv", "--state", host.state],
                in: host.folder
            )
            #expect(!usage.output.contains("webhook"), "\(usage.text)")
        }
    }

    @Test @LoopActor func `an alert whose host died before it could be told is told by the next one`() async throws {
        let receiver = try ScriptedUpstream(always: .status(200))
        let providers = try RouteProviders()
        var options = options(providers, receiver.url)
        let manifest = try #require(options.manifest)
        // As if the host had died between the charge and the delivery's file: the charge is all that is there.
        options.manifest = TestManifest.bundled([("functions.generate.job.perDay", 0)])
        let host = EdgeHost(options)
        try await withEdge(host) { host in
            #expect(try await host.ended(Self.asked("a kite"))["state"] == "succeeded")
            try await eventually("the end on disk") { host.doneJobs.count == 1 }
        }
        replaceFile(host.manifestPath, with: manifest.text(pretty: true))
        try await withEdge(host) { host in
            try await eventually("the warning") { receiver.calls > 0 }
            #expect(try SignedEvent.read(receiver.requests[0])["type"] == "spend.warning")
            try await eventually("the delivery") { Self.deliveries(host).count == 1 }
            #expect(receiver.calls == 1)
        }
    }

    @Test @LoopActor func `a receiver that cannot be told of anything stops the start, with what to do`() async throws {
        let providers = try RouteProviders()
        var unsigned = EdgeHost(options(providers, "https://app.example/money", secret: false))
        try unsigned.launch()
        #expect(try await unsigned.ended() == .exited(1))
        #expect(unsigned.said.contains("host.spend.webhook: EDGE_WEBHOOK_SECRET is not set"), "\(unsigned.said)")

        unsigned = EdgeHost(
            EdgeOptions(manifest: TestManifest.bundled([("host.spend", ["webhook": "ftp://a.example"])]))
        )
        try unsigned.launch()
        #expect(try await unsigned.ended() == .exited(1))
        #expect(unsigned.said.contains("host.spend.webhook"), "\(unsigned.said)")
        #expect(unsigned.said.contains("no http or https URL"), "\(unsigned.said)")
    }
}
