import CivilTime
import EdgeLoop
import JSON
import Retry
import TestSupport
import Testing

@testable import EdgeRuntime

/// Attempts of which nobody knows what became: who asks about them, and what may be paid twice.
struct LostAnswerTests: LaneSuite {
    init() { TestLoop.start() }

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
}
