import CivilTime
import EdgeLoop
import JSON
import Retry
import TestSupport
import Testing

@testable import EdgeRuntime

/// Jobs whose lanes may be asked so often and no more.
struct LaneQuotaTests: LaneSuite {
    init() { TestLoop.start() }

    @Test @LoopActor func `a task that a provider works on stays on its lane and keeps its place in the quota`()
        async throws
    {
        let bench = try await BoardBench()
        let set = try set(["name": "a", "quota": ["atOnce": 1]], ["name": "b"])
        var lanes: [String?] = []
        var use = 0
        bench.calls.answer = { _, attempt in
            lanes.append(attempt.lane)
            use = bench.board.lanes.use(of: set.lanes[0]).running
            guard bench.calls.count > 1 else {
                var note = RunNote(status: 202, message: "queued", code: "x")
                note.state = Array(#"{"task":"t"}"#.utf8)
                return .unfinished(.notReady(after: .seconds(1)), note)
            }
            return await bench.image("done")
        }

        let job = try await bench.board.accept(bench.ticket(key: "k", lanes: set), for: "f", needsFile: true)
        await bench.gone(job)

        #expect(use == 1)
        #expect(lanes == ["a", "a"])
        #expect(bench.board.lanes.use(of: set.lanes[0]).running == 0)
        let attempts = try #require(await bench.stored(job)?["attempts"]?.array)
        #expect(attempts.map { $0["resumes"]?.bool ?? false } == [false, true])
    }

    @Test @LoopActor func `one call at once means one, whoever asks`() async throws {
        let bench = try await BoardBench(concurrency: 10)
        var running = 0
        var most = 0
        let door = Gate()
        bench.calls.answer = { _, attempt in
            running += 1
            most = max(most, running)
            await door.wait()
            running -= 1
            return await bench.image(attempt.id)
        }
        let lanes = try set(["name": "a", "quota": ["atOnce": 2]])
        var jobs: [Job] = []
        for number in 0..<12 {
            jobs.append(
                try await bench.board.accept(bench.ticket(key: "k\(number)", lanes: lanes), for: "f", needsFile: true)
            )
        }
        let begun = bench.calls.count
        let positions = jobs.compactMap { bench.board.place(of: $0).position }
        door.open()
        for job in jobs { await bench.gone(job) }

        #expect(begun == 2)
        #expect(positions == Array(1...10))
        #expect(most == 2)
        #expect(bench.calls.count == 12)
    }

    @Test @LoopActor func `a limit that outlasts the caller's patience hands over`() async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, attempt in
            attempt.lane == "a"
                ? .unfinished(
                    .limited(status: 429, after: .seconds(600), estimate: nil),
                    RunNote(status: 429, message: "30 an hour", code: "x")
                )
                : await bench.image("made by b")
        }
        let lanes = try set(["name": "a"], ["name": "b"])

        let job = try await bench.board.accept(
            bench.ticket(key: "k", lanes: lanes),
            for: "f",
            needsFile: true,
            waitedUntil: .now() + .seconds(25)
        )
        await bench.gone(job)

        let stored = try #require(await bench.stored(job))
        #expect(stored["attempts"]?.array?.map { $0["outcome"]?.string } == ["deferred", "succeeded"])
        #expect(stored["retry"]?["failures"]?.integer == 0)
        // Whoever comes next does not even ask there.
        let other = try await bench.board.accept(
            bench.ticket(key: "l", lanes: lanes),
            for: "f",
            needsFile: true,
            waitedUntil: .now() + .seconds(25)
        )
        await bench.gone(other)
        #expect(await bench.stored(other)?["attempts"]?.array?.map { $0["lane"]?.string } == ["b"])
    }

    @Test @LoopActor func `work that no lane can take before its deadline ends at once`() async throws {
        let bench = try await BoardBench()
        let lanes = try set(["name": "a"])
        bench.board.lanes.restore(account: "a", started: .now(), blockedUntil: .now() + .seconds(86_400))

        let job = try await bench.board.accept(bench.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
        await bench.gone(job)

        #expect(bench.calls.count == 0)
        let error = try #require(await bench.stored(job)?["error"])
        #expect(error["status"]?.integer == 429)
        #expect((86_000...86_401).contains(error["retryAfter"]?.integer ?? 0))
    }

    @Test func `quotas begin with what the job files tell, each call once`() throws {
        let since = try #require(Timestamp(iso8601: "2026-11-20T12:00:00.000Z"))
        var calls = LatestCalls(since: since)
        let document: JSONObject = [
            "generation": "g",
            "attempts": [
                ["number": 1, "id": "i", "started": "2026-11-20T11:00:00.000Z", "account": "a"],
                ["number": 2, "id": "i", "started": "2026-11-20T13:00:00.000Z", "account": "a"],
                ["number": 3, "id": "i", "started": "2026-11-20T13:01:00.000Z"],
                [
                    "number": 4, "id": "i", "started": "2026-11-20T13:02:00.000Z", "account": "b",
                    "blockedUntil": "2026-11-21T00:00:00.000Z",
                ],
            ],
        ]
        calls.note(document)
        calls.note(document)

        #expect(calls.found.map(\.account) == ["a", "b"])
        #expect(calls.found.last?.blockedUntil == Timestamp(iso8601: "2026-11-21T00:00:00.000Z"))
    }

    @Test func `a removed job leaves its calls for as long as a quota of a day counts them`() throws {
        let now = try #require(Timestamp(iso8601: "2026-11-21T00:30:00.000Z"))
        func document(_ started: String) -> JSONObject {
            [
                "function": "f", "generation": "g", "created": "2026-11-20T00:10:00.000Z", "finished": .string(started),
                "attempts": [["number": 1, "id": "i", "started": .string(started), "account": "a"]],
            ]
        }
        let late = RunsOfToday.trace(of: document("2026-11-20T23:00:00.000Z"), now: now)
        var calls = LatestCalls(since: now - .seconds(86_400))
        var runs = RunsOfToday(day: now.day)
        if let left = try late.flatMap({ try JSONValue.parse($0).object }) {
            calls.note(left)
            runs.count(left)
        }

        #expect(calls.found.map(\.account) == ["a"])
        #expect(runs.found.isEmpty, "it was accepted on the day before")
        #expect(RunsOfToday.trace(of: document("2026-11-20T00:20:00.000Z"), now: now) == nil)
    }
}
