// A host that dies or loses its disk at any step between a job's request and its webhook: one event is told, under one id.
import EdgeLoop
import Glibc
import JSON
import TestSupport
import Testing

struct WebhookCrashTests {
    init() { TestLoop.start() }

    /// As in ``CrashPointTests``.
    private static let step = getenv("EDGE_CRASH_STEP").flatMap { Int(String(cString: $0)) } ?? 20

    @Test("Whatever happens at any point, the end is told under one id", arguments: CrashFault.allCases)
    @LoopActor func everyPoint(fault: CrashFault) async throws {
        var point = Int.random(in: 1...Self.step)
        var tried = 0
        while true {
            let reached = try await trial(fault, at: point)
            guard reached >= point else {
                print("webhook crash points, \(fault.rawValue): \(tried) tried, the last life had \(reached) points")
                return
            }
            tried += 1
            point += Self.step
        }
    }

    /// - Returns: how many points the first host has reached.
    @LoopActor
    private func trial(_ fault: CrashFault, at point: Int) async throws -> Int {
        let receiver = try ScriptedUpstream(always: .status(200))
        let plain = [
            ("EDGE_WEBHOOK_UNSIGNED", "1"), ("EDGE_WEBHOOK_ALLOW", "127.0.0.1"), ("EDGE_WEBHOOK_WAITS", "1s"),
        ].map { (name: $0.0, value: $0.1) }
        let host = EdgeHost(EdgeOptions(environment: plain))
        let log = "\(host.folder.path)/points"
        host.options.environment += try await CrashPoint.environment(fault, at: point, state: host.state, log: log)
        do {
            try await withEdge(host) { try await live($0, receiver) }
        } catch {}  // the host is gone, or its disk is full: the next one goes on
        let reached = (fileText(log) ?? "").split(separator: "\n").count

        host.options.environment = plain
        let place: Comment = "\(fault.rawValue) at point \(point)"
        do {
            try await withEdge(host) { host in
                try await live(host, receiver)
                try await eventually("all jobs to end, \(place)") { filesIn("\(host.state)/jobs/active").isEmpty }
                try await eventually("the mark, \(place)") {
                    host.doneJobs.values.contains { $0["webhook"]?["delivery"]?.string != nil }
                }
                let deliveries = host.doneJobs.values.filter { $0["function"] == "webhook" }
                #expect(deliveries.map { $0["state"]?.string } == ["succeeded"], place)
                #expect(Set(receiver.requests.map { $0.header("webhook-id") ?? "" }).count == 1, place)
                #expect(Set(receiver.requests.map(\.text)).count == 1, place)
                #expect(filesIn("\(host.state)/jobs/tmp").isEmpty, place)
                #expect(filesIn("\(host.state)/jobs/dead").isEmpty, place)
            }
        } catch {
            Issue.record(error, place)
        }
        return reached
    }

    /// Asks until the job is accepted, and stays until its end was told or cannot be now.
    @LoopActor
    private func live(_ host: EdgeHost, _ receiver: ScriptedUpstream) async throws {
        let body: JSONValue = [
            "prompt": "a kite", "width": 64, "height": 64, "webhook": .string("\(receiver.url)/hook"),
        ]
        let headers: Headers = [("Prefer", "respond-async"), ("Accept", "application/json"), ("Idempotency-Key", "k")]
        var answer = try await host.generate(body, headers)
        for _ in 0..<3 where answer.status == 503 {
            try await sleep(for: .milliseconds(50))
            answer = try await host.generate(body, headers)
        }
        guard let id = answer.json["id"]?.string else { throw UnexpectedDocument(text: answer.text) }
        _ = try await host.finished(id)
        try await eventually(
            "the delivery",
            asking: {
                _ = try await host.get("/healthz")  // fails when the host is gone
                let isStuck = ["webhook waits", "could not be written"].contains { host.output.text.contains($0) }
                return isStuck || host.doneJobs.values.contains { $0["function"] == "webhook" }
            }
        )
    }
}
