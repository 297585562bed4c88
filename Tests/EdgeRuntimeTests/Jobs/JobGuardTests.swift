// Who must agree before work is accepted.
import Callers
import EdgeLoop
import TestSupport
import Testing

@testable import EdgeRuntime

struct JobGuardTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `what one refuses is no job, and those asked before it have theirs back`() async throws {
        let bench = try await BoardBench()
        let (first, second) = (CountingGuard(), CountingGuard())
        bench.board.guards = [first, second]
        second.refuses = true
        let caller = Caller(id: "key:abc", tier: .pro, isKnown: true, user: "alice")

        await #expect(throws: Problem.self) {
            try await bench.board.accept(bench.ticket(key: "k"), for: "f", by: caller, needsFile: true)
        }

        #expect(bench.board.count == 0)
        #expect(first.asked.map(\.caller) == [caller])
        #expect(first.holds == 0)
        #expect(second.asked.count == 1)
        #expect(second.holds == 0)
    }

    @Test @LoopActor func `who follows equal work is not asked about`() async throws {
        let bench = try await BoardBench()
        let gate = ChangeSignal()
        bench.calls.answer = { _, _ in
            _ = await gate.wait()
            return await bench.image("a")
        }
        let counting = CountingGuard()
        bench.board.guards = [counting]

        let job = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        _ = try await bench.board.accept(bench.ticket(key: "k"), for: "f", needsFile: true)
        await bench.calls.begun(1)
        gate.notify()
        await bench.ended(job)

        #expect(counting.asked.map(\.id) == [job.id])
        #expect(counting.holds == 1)
    }

    @Test @LoopActor func `work waits in the place that its caller has just then, also in the next host`() async throws
    {
        let bench = try await BoardBench(concurrency: 1)
        let caller = Caller(id: "key:abc", tier: .pro, isKnown: true)
        let gate = ChangeSignal()
        bench.calls.answer = { _, _ in
            _ = await gate.wait()
            return await bench.image("a")
        }
        let counting = CountingGuard()
        bench.board.guards = [counting]

        let first = try await bench.board.accept(bench.ticket(key: "k"), for: "f", by: caller, needsFile: true)
        bench.board.tierOf = { _, _, _ in .free }
        let slowed = try await bench.board.accept(bench.ticket(key: "l"), for: "f", by: caller, needsFile: true)
        let follower = try await bench.board.accept(bench.ticket(key: "l"), for: "f", by: caller, needsFile: true)
        let again = try await bench.board.accept(
            bench.ticket(key: "m"),
            for: "f",
            by: caller,
            needsFile: true,
            isExempt: true
        )
        let next = try await bench.restarted()

        #expect(first.generation.tier == .pro)
        #expect(slowed.generation.tier == .free)
        #expect(counting.asked.map(\.tier) == [.pro, .free, .pro])
        #expect(counting.asked.map(\.isExempt) == [false, false, true])
        #expect(next.first { $0.id == slowed.id }?.tier == .free)
        #expect(next.first { $0.id == first.id }?.tier == nil)
        #expect(next.first { $0.id == first.id }?.serial == 1)
        #expect(next.first { $0.id == slowed.id }?.serial == 2)
        #expect(next.first { $0.id == follower.id }?.serial == nil)
        #expect(next.first { $0.id == again.id }?.serial == nil)
        for job in [slowed, again] { await bench.board.cancel(job) }
        await bench.board.cancel(follower)
        gate.notify()
        await bench.ended(first)
    }

    @Test @LoopActor func `a day's runs of a function are no cap while tiers are in force`() async throws {
        let bench = try await BoardBench(perDay: 1)
        bench.calls.answer = { _, _ in await bench.image("a") }
        await bench.ended(try await bench.board.accept(bench.ticket(key: nil), for: "f", needsFile: true))
        await #expect(throws: AcceptError.self) {
            try await bench.board.accept(bench.ticket(key: nil), for: "f", needsFile: true)
        }
        bench.board.hasTiers = { true }

        await bench.ended(try await bench.board.accept(bench.ticket(key: nil), for: "f", needsFile: true))
    }
}

@LoopActor
private final class CountingGuard: JobGuard {
    var refuses = false
    private(set) var asked: [NewWork] = []
    private(set) var holds = 0

    nonisolated init() {}

    func admit(_ work: NewWork) throws(Problem) {
        asked.append(work)
        if refuses { throw Problem(status: 402, code: "budget", message: "no") }
        holds += 1
    }

    func takeBack(_ work: NewWork) { holds -= 1 }
}
