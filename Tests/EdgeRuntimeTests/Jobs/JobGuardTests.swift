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
