// The sandbox acting like a real provider, so that an app's loading states can be built offline.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct SandboxActingTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `a loading model is waited for, and uses no attempt`() async throws {
        try await withEdge(EdgeOptions(environment: [("EDGE_SANDBOX_LOAD", "1")])) { host in
            let id = try await host.accepted(["prompt": "a fox", "width": 64, "height": 64])
            let waiting = try await host.job(id) { $0["state"] == "waiting" || $0["state"] == "succeeded" }
            let done = try await host.finished(id)

            #expect(waiting["state"] == "waiting")
            #expect(waiting["nextAttemptAt"]?.string != nil)
            #expect(done["state"] == "succeeded")
            #expect(done["attempts"]?.array?.contains { $0["outcome"] == "failed" } == false)
        }
    }

    @Test @LoopActor func `a rate limit is waited for`() async throws {
        try await withEdge(EdgeOptions(environment: [("EDGE_SANDBOX_RATE", "2")])) { host in
            async let first = host.generate(["prompt": "a fox", "width": 64, "height": 64])
            async let second = host.generate(["prompt": "a hen", "width": 64, "height": 64])

            #expect(try await first.status == 200)
            #expect(try await second.status == 200)
            try await eventually("both jobs on disk") { host.doneJobs.count == 2 }
            let attempts = host.doneJobs.values.compactMap { $0["attempts"]?.array?.count }
            #expect(attempts.reduce(0, +) > 2)
            #expect(
                !host.doneJobs.values.contains { $0["attempts"]?.array?.contains { $0["outcome"] == "failed" } ?? true }
            )
        }
    }

    @Test @LoopActor func `a failure is tried again`() async throws {
        try await withEdge(EdgeOptions(environment: [("EDGE_SANDBOX_FAIL", "2")])) { host in
            for prompt in ["a fox", "a hen"] {
                let answer = try await host.generate(["prompt": .string(prompt), "width": 64, "height": 64])
                #expect(answer.status == 200, "\(answer.text)")
            }
            try await eventually("both jobs on disk") { host.doneJobs.count == 2 }
            let outcomes = host.doneJobs.values.flatMap { $0["attempts"]?.array ?? [] }.compactMap {
                $0["outcome"]?.string
            }
            #expect(outcomes.sorted() == ["failed", "succeeded", "succeeded"])
        }
    }
}
