// A job whose end is to be told: one event, under one id.
import EdgeLoop
import JSON
import TestSupport
import Testing

/// One job with a webhook.
@LoopActor
final class WebhookLife: HostLife {
    let host: EdgeHost
    private let receiver: ScriptedUpstream

    init() throws {
        receiver = try ScriptedUpstream(always: .status(200))
        host = EdgeHost(
            EdgeOptions(environment: [
                ("EDGE_WEBHOOK_UNSIGNED", "1"), ("EDGE_WEBHOOK_ALLOW", "127.0.0.1"), ("EDGE_WEBHOOK_WAITS", "1s"),
            ])
        )
    }

    func prepare(faults: Int) {}

    /// Asks until the job is accepted, and stays until its end was told or cannot be now.
    func run() async throws {
        let body: JSONValue = [
            "prompt": "a kite", "width": 64, "height": 64, "webhook": .string("\(receiver.url)/hook"),
        ]
        _ = try await host.finished(try await accepted(body, key: "k"))
        try await eventually(
            "the delivery",
            asking: {
                _ = try await host.get("/healthz")  // fails when the host is gone
                let isStuck = ["webhook waits", "could not be written"].contains { host.output.text.contains($0) }
                return isStuck || !deliveries.isEmpty
            }
        )
    }

    private var deliveries: [JSONValue] { host.doneJobs.values.filter { $0["function"] == "webhook" } }

    func check(_ place: Comment) async throws {
        try await eventually("the mark, \(place)") {
            host.doneJobs.values.contains { $0["webhook"]?["delivery"]?.string != nil }
        }
        expectTidy(place)
        #expect(deliveries.map { $0["state"]?.string } == ["succeeded"], place)
        #expect(Set(receiver.requests.map { $0.header("webhook-id") ?? "" }).count == 1, place)
        #expect(Set(receiver.requests.map(\.text)).count == 1, place)
    }
}
