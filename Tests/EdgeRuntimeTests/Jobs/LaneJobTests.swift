import CivilTime
import Digest
import EdgeLoop
import JSON
import Retry
import TestSupport
import Testing

@testable import EdgeRuntime

/// Jobs on several lanes: where the next attempt goes, and what is paid.
struct LaneJobTests {
    init() { TestLoop.start() }

    private func set(_ lanes: JSONValue..., choose: String = "order") throws -> LaneSet {
        try LaneSet(["lanes": .array(lanes), "choose": .string(choose)], function: "f")
    }

    private static func failed(_ status: Int, _ message: String, mayBePaid: Bool = false) -> RunAnswer {
        var note = RunNote(status: status, message: message, code: "x")
        note.mayBePaid = mayBePaid
        return .unfinished(RunOutcome(status: status, after: nil), note)
    }

    @Test @LoopActor func `a failure hands over at once, and the document says why`() async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, attempt in
            attempt.lane == "a" ? Self.failed(502, "a is down") : await bench.image("made by b")
        }
        let lanes = try set(["name": "a"], ["name": "b"])

        let job = try await bench.board.accept(bench.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
        await bench.gone(job)

        let attempts = try #require(await bench.stored(job)?["attempts"]?.array)
        #expect(attempts.map { $0["lane"]?.string } == ["a", "b"])
        #expect(attempts.map { $0["outcome"]?.string } == ["failed", "succeeded"])
        #expect(attempts.first?["movedOn"]?.string == "a is down")
        #expect(attempts.last?["passed"] == [["lane": "a", "reason": "it has failed for this job"]])
    }

    @Test(arguments: [402, 404, 424]) @LoopActor
    func `a refusal that tells of the provider hands over`(status: Int) async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, attempt in
            attempt.lane == "a" ? Self.failed(status, "no") : await bench.image("made by b")
        }

        let job = try await bench.board.accept(
            bench.ticket(key: "k", lanes: try set(["name": "a"], ["name": "b"])),
            for: "f",
            needsFile: true
        )
        await bench.gone(job)

        #expect(await bench.stored(job)?["state"]?.string == "succeeded")
    }

    @Test(arguments: [400, 413, 422]) @LoopActor
    func `a refusal that tells of the request is final`(status: Int) async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in Self.failed(status, "no") }

        let job = try await bench.board.accept(
            bench.ticket(key: "k", lanes: try set(["name": "a"], ["name": "b"])),
            for: "f",
            needsFile: true
        )
        await bench.gone(job)

        #expect(bench.calls.count == 1)
        #expect(await bench.stored(job)?["error"]?["status"]?.integer == Int64(status))
    }

    @Test @LoopActor func `hand-overs stay inside the job's attempts`() async throws {
        let bench = try await BoardBench(attempts: 2)
        bench.calls.answer = { _, _ in Self.failed(402, "no credit") }

        let job = try await bench.board.accept(
            bench.ticket(key: "k", lanes: try set(["name": "a"], ["name": "b"], ["name": "c"])),
            for: "f",
            needsFile: true
        )
        await bench.gone(job)

        #expect(bench.calls.count == 2)
        #expect(await bench.stored(job)?["state"]?.string == "failed")
    }

    @Test @LoopActor func `a lost answer asks again with the same id where the provider knows ids`() async throws {
        let bench = try await BoardBench()
        var asked: [(id: String, isUnsure: Bool, lane: String?)] = []
        bench.calls.answer = { _, attempt in
            asked.append((attempt.id, attempt.isUnsure, attempt.lane))
            return asked.count == 1
                ? .unfinished(.failed(.connectionClosed), RunNote(status: 502, message: "reset", code: "x"))
                : await bench.image("found again")
        }
        let lanes = try set(["name": "a", "takesAttemptIDs": true], ["name": "b"])

        let job = try await bench.board.accept(bench.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
        await bench.gone(job)

        #expect(asked.map(\.lane) == ["a", "a"])
        #expect(asked.map(\.isUnsure) == [false, true])
        #expect(Set(asked.map(\.id)).count == 1)
        let attempts = try #require(await bench.stored(job)?["attempts"]?.array)
        #expect(attempts.allSatisfy { $0["perhapsPaid"] == nil })
    }

    @Test @LoopActor func `what is to be asked about is not forgotten while it cannot be asked`() async throws {
        let bench = try await BoardBench()
        var asked: [(id: String, isUnsure: Bool)] = []
        bench.calls.answer = { _, attempt in
            asked.append((attempt.id, attempt.isUnsure))
            let note = RunNote(status: 503, message: "the function does not start", code: "x")
            switch asked.count {
            case 1: return .unfinished(.failed(.processEnded), note)
            case 2: return .unfinished(.limited(status: 503, after: .seconds(1), estimate: nil), note)
            default: return await bench.image("found")
            }
        }
        let lanes = try set(["name": "a", "takesAttemptIDs": true], ["name": "b"])

        let job = try await bench.board.accept(bench.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
        await bench.gone(job)

        #expect(asked.map(\.isUnsure) == [false, true, true])
        #expect(Set(asked.map(\.id)).count == 1)
    }

    @Test @LoopActor func `a refusal after work that may be paid buys nothing elsewhere where it can be asked about`()
        async throws
    {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in Self.failed(424, "too large", mayBePaid: true) }
        let lanes = try set(["name": "a", "takesAttemptIDs": true], ["name": "b"])

        let job = try await bench.board.accept(bench.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
        await bench.gone(job)

        #expect(bench.calls.count == 1)
        #expect(await bench.stored(job)?["state"]?.string == "failed")
    }

    @Test @LoopActor func `refusals open no circuit where nobody else can be asked`() async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in Self.failed(424, "wrong key") }
        let lanes = try set(["name": "a"])
        for number in 0..<8 {
            let ticket = bench.ticket(key: "k\(number)", lanes: lanes)
            await bench.gone(try await bench.board.accept(ticket, for: "f", needsFile: true))
        }

        #expect(bench.calls.count == 8)
    }

    @Test @LoopActor func `a hand-over that has to wait is on disk`() async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in Self.failed(502, "a is down") }
        let lanes = try set(["name": "a"], ["name": "b", "quota": ["every": 60]])
        bench.board.lanes.restore(account: "b", started: .now(), blockedUntil: nil)

        let job = try await bench.board.accept(bench.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
        await bench.until(job) { job.generation.attempts.last?.outcome != nil && job.state == .queued }
        var found: RecoveredJob?
        while found?.attempts.last?.outcome == nil { found = try await bench.restarted().first }

        #expect(found?.attempts.last?.outcome == .failed)
        #expect(found?.attempts.last?.movedOn == "a is down")
        bench.board.abandon()
    }

    @Test @LoopActor func `a lost answer of a provider without ids is perhaps paid, and tried again`() async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in
            bench.calls.count == 1 ? Self.failed(502, "reset", mayBePaid: true) : await bench.image("again")
        }

        let job = try await bench.board.accept(
            bench.ticket(key: "k", lanes: try set(["name": "a"], ["name": "b"])),
            for: "f",
            needsFile: true
        )
        await bench.gone(job)

        let stored = try #require(await bench.stored(job))
        #expect(stored["state"]?.string == "succeeded")
        #expect(stored["attempts"]?.array?.first?["perhapsPaid"] == true)
    }

    @Test(arguments: [["a"], ["a", "b"]])
    @LoopActor func `a limit that may have been paid for uses an attempt, so nobody is paid until the deadline`(
        names: [String]
    ) async throws {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in
            var note = RunNote(status: 503, message: "later", code: "x")
            note.mayBePaid = true
            return .unfinished(.limited(status: 503, after: .zero, estimate: nil), note)
        }
        let lanes = try LaneSet(
            ["lanes": .array(names.map { ["name": .string($0)] }), "choose": "order"],
            function: "f"
        )

        let job = try await bench.board.accept(bench.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
        await bench.gone(job)

        let attempts = try #require(await bench.stored(job)?["attempts"]?.array)
        #expect(bench.calls.count == job.generation.retry.attempts)
        #expect(attempts.allSatisfy { $0["perhapsPaid"] == true })
    }

    @Test @LoopActor func `the settings may forbid to pay twice`() async throws {
        let bench = try await BoardBench(perhapsPaid: .fail)
        bench.calls.answer = { _, _ in Self.failed(502, "reset", mayBePaid: true) }

        let job = try await bench.board.accept(
            bench.ticket(key: "k", lanes: try set(["name": "a"], ["name": "b"])),
            for: "f",
            needsFile: true
        )
        await bench.gone(job)

        #expect(bench.calls.count == 1)
        #expect(await bench.stored(job)?["error"]?["code"]?.string == "perhaps_paid")
    }

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

    @Test @LoopActor func `after a crash the provider is asked, or the attempt is perhaps paid`() async throws {
        for takesIDs in [true, false] {
            let bench = try await BoardBench()
            bench.calls.answer = { _, _ in
                try? await sleep(for: .seconds(3600))
                return Self.failed(500, "")
            }
            let lanes = try set(["name": "a", "takesAttemptIDs": .bool(takesIDs)])
            let job = try await bench.board.accept(bench.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
            await bench.calls.begun(1)

            var found = try #require(try await bench.restarted().first)
            found.markLostAttempt(now: .now())

            #expect(found.unsure == (takesIDs ? job.generation.attempts.first?.id : nil))
            #expect(found.attempts.last?.isPerhapsPaid == !takesIDs)
            #expect(found.lane?.name == "a")
            bench.board.abandon()
        }
    }

    @Test @LoopActor
    func `a provider that was left stays left after a crash: it may be at work on what it was asked for`()
        async throws
    {
        let bench = try await BoardBench()
        bench.calls.answer = { _, attempt in
            if attempt.lane == "a" { return Self.failed(502, "a does not answer", mayBePaid: true) }
            try? await sleep(for: .seconds(3600))
            return Self.failed(500, "")
        }
        let lanes = try set(["name": "a"], ["name": "b"])
        _ = try await bench.board.accept(bench.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
        await bench.calls.begun(2)
        let found = try #require(try await bench.restarted().first)
        bench.board.abandon()

        #expect(found.tried == ["a"])
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

    // MARK: What the function says of a task

    @Test @LoopActor func `a task that is over is not asked about again, and the next attempt has an id of its own`()
        async throws
    {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in
            guard bench.calls.count == 1 else { return await bench.image("again") }
            var note = RunNote(status: 502, message: "it failed", code: "x")
            (note.mayBePaid, note.forgetsState) = (true, true)
            return .unfinished(.failed(.status(502)), note)
        }
        let lanes = try set(["name": "a", "takesAttemptIDs": true])

        let job = try await bench.board.accept(bench.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
        await bench.gone(job)

        let attempts = try #require(await bench.stored(job)?["attempts"]?.array)
        #expect(Set(attempts.compactMap { $0["id"]?.string }).count == 2)
        #expect(attempts.allSatisfy { $0["unsure"] == nil })
        #expect(attempts.first?["perhapsPaid"] == true)
    }

    // MARK: What is left behind

    /// A task that `a` has begun and then cannot go on with; `b` makes the image.
    @LoopActor
    private func leaving(_ bench: BoardBench, status: Int = 402, isOver: Bool = false, isUnfit: Bool = false) {
        bench.calls.answer = { generation, attempt in
            guard attempt.lane == "a" else { return await bench.image("made by b for \(generation.id)") }
            guard generation.resumeState != nil else {
                var note = RunNote(status: 202, message: "queued", code: "x")
                note.state = Array(#"{"task":"t"}"#.utf8)
                return .unfinished(.notReady(after: .zero), note)
            }
            var note = RunNote(status: status, message: "no credit", code: "x")
            note.mayBePaid = true
            note.forgetsState = isOver
            note.isUnfit = isUnfit
            return .unfinished(RunOutcome(status: status, after: nil), note)
        }
    }

    @Test @LoopActor func `a hand-over cancels the task that it leaves, and waits for nobody who is slow to hear it`()
        async throws
    {
        for status in [402, 502] {
            let bench = try await BoardBench()
            let door = Gate()
            bench.calls.canceling = { await door.wait() }
            leaving(bench, status: status)
            let lanes = try set(["name": "a"], ["name": "b"])

            let job = try await bench.board.accept(bench.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
            await bench.gone(job)
            let stored = await bench.stored(job)

            #expect(stored?["state"] == "succeeded")
            #expect(stored?["attempts"]?.array?.map { $0["lane"]?.string } == ["a", "a", "b"])
            let task = LeftTask(job: job.id, function: "f", lane: "a", state: Array(#"{"task":"t"}"#.utf8))
            #expect(bench.calls.canceled == [task])
            door.open()
            await bench.board.runningEnded()
        }
    }

    @Test @LoopActor func `what is over is not cancelled, and neither is what goes on`() async throws {
        let bench = try await BoardBench()
        leaving(bench, isOver: true)
        let lanes = try set(["name": "a"], ["name": "b"])

        let job = try await bench.board.accept(bench.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
        await bench.gone(job)
        await bench.board.runningEnded()

        #expect(await bench.stored(job)?["state"]?.string == "succeeded")
        #expect(bench.calls.canceled == [])
    }

    @Test @LoopActor
    func `a task is cancelled too when the next lane is a long time away, or there is no attempt left`()
        async throws
    {
        let waits = try await BoardBench()
        leaving(waits)
        let lanes = try set(["name": "a"], ["name": "b", "quota": ["every": 60]])
        waits.board.lanes.restore(account: "b", started: .now(), blockedUntil: nil)
        let held = try await waits.board.accept(waits.ticket(key: "k", lanes: lanes), for: "f", needsFile: true)
        await waits.calls.canceled(1)
        #expect(held.state == .queued)
        await waits.board.cancel(held)
        #expect(waits.calls.canceled.count == 1)

        let ends = try await BoardBench(attempts: 1)
        leaving(ends)
        let job = try await ends.board.accept(
            ends.ticket(key: "k", lanes: try set(["name": "a"], ["name": "b"])),
            for: "f",
            needsFile: true
        )
        await ends.gone(job)
        await ends.board.runningEnded()
        #expect(await ends.stored(job)?["state"]?.string == "failed")
        #expect(ends.calls.canceled.count == 1)
    }

    @Test @LoopActor func `only a few cancellations are under way at once, and all are made`() async throws {
        let bench = try await BoardBench(concurrency: 20)
        let door = Gate()
        bench.calls.canceling = { await door.wait() }
        leaving(bench, status: 400, isUnfit: true)  // which opens no circuit
        let lanes = try set(["name": "a"], ["name": "b"])
        var jobs: [Job] = []
        for number in 0..<12 {
            let ticket = bench.ticket(key: "k\(number)", lanes: lanes)
            jobs.append(try await bench.board.accept(ticket, for: "f", needsFile: true))
        }
        for job in jobs { await bench.gone(job) }

        #expect(bench.calls.canceled.count == LeftTasks.atOnceMax)
        door.open()
        await bench.board.runningEnded()
        #expect(Set(bench.calls.canceled.map(\.job)).count == 12)
    }

    @Test @LoopActor func `what only one lane cannot do goes to the next, and its circuit hears nothing of it`()
        async throws
    {
        let bench = try await BoardBench()
        bench.calls.answer = { _, attempt in
            guard attempt.lane == "a" else { return await bench.image("made by b") }
            var note = RunNote(status: 400, message: "no place for steps", code: "x")
            note.isUnfit = true
            return .unfinished(.final(status: 400), note)
        }
        let lanes = try set(["name": "a"], ["name": "b"])
        for number in 0..<6 {
            let ticket = bench.ticket(key: "k\(number)", lanes: lanes)
            let job = try await bench.board.accept(ticket, for: "f", needsFile: true)
            await bench.gone(job)
            #expect(await bench.stored(job)?["state"]?.string == "succeeded")
        }

        #expect(bench.calls.count == 12, "the circuit of a stays closed")
    }
}
