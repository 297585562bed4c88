// The sandbox acting like a real provider, so that an app's loading states can be built offline.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct SandboxActingTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `a loading model is waited for, and uses no attempt`() async throws {
        try await withEdge(EdgeOptions(environment: [("EDGE_SANDBOX_LOAD", "1")])) { host in
            // A stream tells every state, however late it is read.
            let body = JSONValue.object(["prompt": "a fox", "width": 64, "height": 64]).encoded()
            let stream = try await host.ask("POST", "/generate", [("Accept", "text/event-stream")], body: body)
            let events = stream.text.split(separator: "\n\n").map { ProbeEvent(String($0)) }.filter { !$0.isComment }
            let waiting = events.map(\.json).first { $0["state"] == "waiting" }
            let done = try #require(events.last?.json)

            #expect(waiting?["nextAttemptAt"]?.string != nil, "\(stream.text)")
            #expect(done["state"] == "succeeded", "\(stream.text)")
            #expect(done["attempts"]?.array?.contains { $0["outcome"] == "failed" } == false)
        }
    }

    @Test @LoopActor func `a rate limit is waited for`() async throws {
        try await withEdge(EdgeOptions(environment: [("EDGE_SANDBOX_RATE", "2")])) { host in
            // On a slow machine the second of a pair may come when the limit is over: then another pair is asked for.
            var (jobs, attempts) = (0, 0)
            for pair in 0..<5 where attempts == jobs {
                async let first = host.generate(["prompt": .string("fox \(pair)"), "width": 64, "height": 64])
                async let second = host.generate(["prompt": .string("hen \(pair)"), "width": 64, "height": 64])

                #expect(try await first.status == 200)
                #expect(try await second.status == 200)
                jobs += 2
                try await eventually("both jobs on disk") { host.doneJobs.count == jobs }
                attempts = host.doneJobs.values.compactMap { $0["attempts"]?.array?.count }.reduce(0, +)
            }
            #expect(attempts > jobs)
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
