// A host that was killed, and started again on the same state.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct RecoveryTests {
    init() { TestLoop.start() }

    @Test @LoopActor
    func `a job whose call was under way is finished by the next host, and says that it may be paid twice`()
        async throws
    {
        let gate = Gate()
        let upstream = try HuggingFaceScript([.held(gate)])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let id = try await host.accepted("a fox")
            try await upstream.called(1)
            try await host.restart()
            let done = try await host.finished(id)
            let attempts = try #require(done["attempts"]?.array)
            try await eventually("the job's end on disk") { host.activeJobs.isEmpty }

            #expect(done["state"] == "succeeded")
            #expect(attempts.count == 2)
            #expect(attempts.first?["perhapsPaid"] == true)
            #expect(attempts.last?["outcome"] == "succeeded")
            #expect(upstream.calls == 2)
        }
    }

    @Test @LoopActor func `jobs that waited for their turn are finished, each once`() async throws {
        let manifest = TestManifest.bundled([("functions.generate.job.concurrency", 1)])
        let gate = Gate()
        let upstream = try HuggingFaceScript { number, _ in number == 1 ? .held(gate) : .image }
        try await withEdge(EdgeOptions(manifest: manifest, environment: upstream.environment)) { host in
            var ids: [String] = []
            for number in 0..<6 { ids.append(try await host.accepted("fox \(number)")) }
            try await upstream.called(1)
            let positions = try await host.job(ids[5])["position"]?.integer
            try await host.restart()
            for id in ids { #expect(try await host.finished(id)["state"] == "succeeded") }
            try await eventually("all on disk") { host.activeJobs.isEmpty }

            #expect((positions ?? 0) >= 1)
            #expect(Set(host.doneJobs.keys) == Set(ids))
            #expect(upstream.calls == 7)
        }
    }

    @Test @LoopActor func `work that had ended is not paid again for a job whose file does not tell so`() async throws {
        let upstream = try HuggingFaceScript()
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let owner = try await host.accepted("a fox")
            let single = try await host.accepted("a hen")
            for id in [owner, single] { _ = try await host.finished(id) }
            try await eventually("the jobs' ends on disk") { host.activeJobs.isEmpty && host.doneJobs.count == 2 }
            try await host.kill()
            // The host died after the end of the owner's file and before that of its follower,
            // and after the other image was kept and before the only file said so.
            let follower = "0198c2f0-0000-7000-8000-000000000002"
            for (done, id) in [(owner, follower), (single, single)] {
                var document = try #require(host.doneJobs[done]?.object)
                var attempt = try #require(document["attempts"]?.array?.first?.object)
                for key in ["ended", "outcome", "status"] { attempt[key] = nil }
                for key in ["images", "facts", "provider", "model", "seed", "cost"] { document[key] = nil }
                document["id"] = .string(id)
                document["state"] = "running"
                document["finished"] = .null
                document["attempts"] = [.object(attempt)]
                replaceFile("\(host.state)/jobs/active/\(id).json", with: JSONValue.object(document).text())
            }
            for file in filesBelow("\(host.state)/jobs/done") where file.contains(single) { removeFile(file) }
            try await host.start()
            let documents = [try await host.finished(follower), try await host.finished(single)]

            for done in documents {
                #expect(done["state"] == "succeeded")
                #expect(done["images"]?.array?.count == 1)
                #expect(done["attempts"]?.array?.map { $0["outcome"] } == ["succeeded"])
            }
            #expect(upstream.calls == 2)
        }
    }

    @Test @LoopActor func `a follower that was told 202 keeps its own id across a crash`() async throws {
        let gate = Gate()
        let upstream = try HuggingFaceScript([.held(gate)])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let first = try await host.accepted("a fox")
            let second = try await host.accepted("a fox")
            try await upstream.called(1)
            try await host.restart()
            let done = (try await host.finished(first), try await host.finished(second))

            #expect(done.0["state"] == "succeeded")
            #expect(done.1["state"] == "succeeded")
            #expect(done.0["images"]?.array?.first?["sha256"] == done.1["images"]?.array?.first?["sha256"])
            #expect(upstream.calls == 2)
        }
    }

    @Test @LoopActor func `a client that polls sees no gap across a crash`() async throws {
        let upstream = try HuggingFaceScript([.loading(2)])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let id = try await host.accepted("a fox")
            var states: [String] = []
            for _ in 0..<3 {
                states.append(try await host.job(id)["state"]?.string ?? "none")
                try await host.restart()
            }
            let done = try await host.finished(id)

            #expect(states.allSatisfy { ["queued", "running", "waiting", "succeeded"].contains($0) }, "\(states)")
            #expect(done["state"] == "succeeded")
            // An attempt that is written down may die before its call is made, never the other way round.
            #expect(upstream.calls <= done["attempts"]?.array?.count ?? 0)
        }
    }

    @Test @LoopActor func `a finished job is the same document after a crash`() async throws {
        try await withEdge { host in
            let id = try await host.accepted(["prompt": "a fox", "width": 64, "height": 64])
            let before = try await host.finished(id)
            try await eventually("the job's end on disk") { host.activeJobs.isEmpty }
            try await host.restart()
            let after = try await host.job(id)

            #expect(before["state"] == after["state"])
            #expect(before["finished"] == after["finished"])
            #expect(before["images"] == after["images"] || after["images"]?.array?.count == 1)
            #expect(before["attempts"] == after["attempts"])
        }
    }

    @Test @LoopActor func `what cannot be read is set aside with a loud line, and the rest goes on`() async throws {
        let upstream = try HuggingFaceScript([.loading(1)])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let id = try await host.accepted("a fox")
            try await host.kill()
            let damaged = "0198c2f0-0000-7000-8000-00000000dead"
            let empty = "0198c2f0-0000-7000-8000-00000000beef"
            replaceFile("\(host.state)/jobs/active/\(damaged).json", with: #"{"version": 1, "id": "#)
            replaceFile("\(host.state)/jobs/active/\(empty).json", with: "")
            replaceFile("\(host.state)/jobs/tmp/leftover.1", with: "half a job")
            try await host.start()
            let done = try await host.finished(id)

            #expect(done["state"] == "succeeded")
            try await eventually("both set aside") { filesIn("\(host.state)/jobs/dead").count == 2 }
            try await eventually("the leftover to go") {
                filesIn("\(host.state)/jobs/tmp").filter { $0.hasPrefix("leftover") }.isEmpty
            }
            try await eventually("a line about each") { host.said.contains(damaged) && host.said.contains(empty) }
        }
    }

    @Test @LoopActor func `finished jobs of a week ago are gone after a start`() async throws {
        try await withEdge { host in
            let id = try await host.accepted(["prompt": "a fox", "width": 64, "height": 64])
            _ = try await host.finished(id)
            try await eventually("the job's end on disk") { host.activeJobs.isEmpty && !host.doneJobs.isEmpty }
            try await host.kill()
            let old = "0198c2f0-0000-7000-8000-000000000001"
            let unread = "0198c2f0-0000-7000-8000-000000000002"
            var document = try #require(host.doneJobs[id]?.object)
            document["id"] = .string(old)
            document["finished"] = "2020-01-01T12:00:00.000Z"
            makeFolder("\(host.state)/jobs/done/2020-01-01")
            replaceFile("\(host.state)/jobs/done/2020-01-01/\(old).json", with: JSONValue.object(document).text())
            replaceFile("\(host.state)/jobs/done/2020-01-01/\(unread).json", with: "{no JSON}")
            try await host.start()
            try await eventually("the old jobs to go") { !fileExists("\(host.state)/jobs/done/2020-01-01") }

            expectProblem(try await host.get("/status/\(old)"), 404)
            #expect(try await host.job(id)["state"] == "succeeded")
        }
    }
}
