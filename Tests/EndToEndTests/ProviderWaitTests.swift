// Loading models and rate limits: waits that are written down and use no attempt.
import CivilTime
import EdgeLoop
import JSON
import TestSupport
import Testing

struct ProviderWaitTests {
    init() { TestLoop.start() }

    private func outcomes(_ document: JSONValue) -> [String] {
        (document["attempts"]?.array ?? []).map { $0["outcome"]?.string ?? "none" }
    }

    @Test @LoopActor func `a model that wakes up is waited for by everybody together`() async throws {
        let upstream = try HuggingFaceScript([.loading(1), .loading(0.2)])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let id = try await host.accepted("a fox")
            async let first = host.generate("a fox")
            async let second = host.generate("a fox")
            let (one, two) = try await (first, second)
            let done = try await host.finished(id)

            #expect(one.content == HuggingFaceScript.content("a fox"))
            #expect(two.content == one.content)
            #expect(outcomes(done) == ["deferred", "deferred", "succeeded"])
            #expect(upstream.calls == 3)
        }
    }

    @Test @LoopActor func `the wait is on disk with its due time, holds no connection, and survives SIGKILL`()
        async throws
    {
        var isAwake = false
        let upstream = try HuggingFaceScript { _, _ in isAwake ? .image : .loading(3) }
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let id = try await host.accepted("a fox")
            try await eventually("a wait on disk") { host.activeJobs[id]?["nextAttemptAt"]?.string != nil }
            try await host.kill()
            // Between two looks the wait can be over, and the next question under way.
            for _ in 0..<10 where host.activeJobs[id]?["state"] != "waiting" {
                try await host.start()
                _ = try await host.job(id) { $0["state"] == "waiting" }
                try await host.kill()
            }
            let left = try #require(host.activeJobs[id])
            let due = try #require(left["nextAttemptAt"]?.string.flatMap { Timestamp(iso8601: $0) })
            isAwake = true
            try await host.start()
            let waiting = try await host.job(id)
            let done = try await host.finished(id)
            let finished = try #require(done["finished"]?.string.flatMap { Timestamp(iso8601: $0) })

            #expect(left["state"] == "waiting")
            #expect(["waiting", "running", "succeeded"].contains(waiting["state"]?.string))
            #expect(outcomes(done).first == "deferred" && outcomes(done).last == "succeeded", "\(done.text())")
            #expect(!outcomes(done).contains("failed"), "\(done.text())")
            #expect(finished >= due)
            #expect(upstream.calls >= 2)
        }
    }

    @Test("Each form of a rate limit is waited for", arguments: ["seconds", "date", "fields"])
    @LoopActor func limits(form: String) async throws {
        let upstream = try HuggingFaceScript { number, _ in
            guard number == 1 else { return .image }
            return switch form {
            case "seconds": .limited("1")
            case "date": .limited((Timestamp.now() + .seconds(2)).httpDate)
            default: .exhausted(1)
            }
        }
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let begin = ContinuousClock.now
            let answer = try await host.generate("a fox")
            let took = ContinuousClock.now - begin
            try await eventually("the job on disk") { host.doneJobs.count == 1 }

            #expect(answer.content == HuggingFaceScript.content("a fox"))
            #expect(took >= .seconds(1))
            #expect(outcomes(host.doneJobs.values.first ?? .null) == ["deferred", "succeeded"])
            #expect(upstream.calls == 2)
        }
    }

    @Test @LoopActor func `a wait of a day ends the job at once, and its Retry-After is passed on`() async throws {
        let upstream = try HuggingFaceScript(then: .limited("86400"))
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let id = try await host.accepted("a hen")
            let failed = try await host.finished(id)
            let answer = try await host.generate("a fox")

            expectProblem(answer, 429)
            #expect((86_000...86_400).contains(answer.number("Retry-After") ?? 0))
            #expect(failed["state"] == "failed")
            #expect(failed["error"]?["status"] == 429)
            // The limit is the account's: the second job need not ask to know it.
            #expect(upstream.calls == 1)
        }
    }

    @Test @LoopActor func `a model that loads beyond the deadline ends with 503 and a Retry-After`() async throws {
        let manifest = TestManifest.bundled([("functions.generate.job.deadline", "9s")])
        let upstream = try HuggingFaceScript(then: .loading(20))  // taken for 10 s
        try await withEdge(EdgeOptions(manifest: manifest, environment: upstream.environment)) { host in
            let answer = try await host.generate("a fox")

            expectProblem(answer, 503)
            #expect((answer.number("Retry-After") ?? 0) > 0)
            #expect(upstream.calls >= 1)
        }
    }
}
