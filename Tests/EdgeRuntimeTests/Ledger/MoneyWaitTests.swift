// Jobs that wait for money: for a word of the operator, or for a budget that is still read.
import CivilTime
import EdgeLoop
import JSON
import Ledger
import TestSupport
import Testing

@testable import EdgeRuntime

struct MoneyWaitTests: LedgerJobSuite {
    init() { TestLoop.start() }

    @Test @LoopActor func `stopped by hand, what waits keeps waiting and goes on afterwards`() async throws {
        let bench = try await BoardBench(concurrency: 1)
        let gate = ChangeSignal()
        bench.calls.answer = { _, _ in
            _ = await gate.wait()
            return await bench.image("x")
        }
        let set = try lanes(["name": "a", "price": 100])
        let running = try await bench.board.accept(bench.ticket(key: "1", lanes: set), for: "f", needsFile: true)
        let waiting = try await bench.board.accept(bench.ticket(key: "2", lanes: set), for: "f", needsFile: true)
        await bench.calls.begun(1)

        try await bench.board.ledger.stop()
        gate.notify()
        await bench.gone(running)
        #expect(
            await code { try await bench.board.accept(bench.ticket(key: "3", lanes: set), for: "f", needsFile: true) }
                == "spend_stopped"
        )
        #expect(waiting.state == .queued)
        #expect(bench.calls.count == 1)
        bench.calls.answer = { _, _ in await bench.image("y") }
        _ = try await bench.board.ledger.resume()
        await bench.gone(waiting)

        #expect(waiting.state == .succeeded)
        #expect(bench.board.ledger.book.spentToday == 200)
    }

    /// A run under way that ends when `gate` is notified, another one queued behind it, and known times of runs.
    @LoopActor
    private func queue(_ bench: BoardBench, _ set: LaneSet, _ gate: ChangeSignal) async throws -> (Job, Job) {
        bench.calls.answer = { _, attempt in
            _ = await gate.wait()
            return await bench.image(attempt.id)
        }
        var jobs: [Job] = []
        for key in ["1", "2", "3"] {
            jobs.append(try await bench.board.accept(bench.ticket(key: key, lanes: set), for: "f", needsFile: true))
        }
        await bench.calls.begun(1)
        gate.notify()
        await bench.calls.begun(2)
        return (jobs[1], jobs[2])
    }

    @Test @LoopActor func `no start is estimated where money holds work back, and else by the lanes that have some`()
        async throws
    {
        let bench = try await BoardBench(concurrency: 1)
        let (board, ledger, gate) = (bench.board, bench.board.ledger, ChangeSignal())
        let set = try lanes(
            ["name": "a", "provider": "dear", "price": 100],
            ["name": "b", "provider": "slow", "price": 5, "quota": ["every": 10]]
        )
        board.lanes.restore(account: "slow", started: .now(), blockedUntil: .now() + .seconds(3000))
        let (running, waiting) = try await queue(bench, set, gate)
        /// In whole minutes from now.
        func start() -> Double? {
            board.place(of: waiting).estimatedStart.map { (($0 - .now()).inSeconds / 60).rounded() }
        }

        #expect(start() == 0)
        try await ledger.stop()
        #expect(start() == nil, "nobody knows when the operator lets it go on")
        _ = try await ledger.resume()
        #expect(start() == 0)
        ledger.use(budget(99, .provider, "dear"))
        #expect(try #require(start()) > 40, "by the lane that is left")
        ledger.use(budget(4, .provider))
        #expect(start() == nil, "it ends when its turn comes")
        ledger.use(budget(1000))
        #expect(start() == 0)
        for (job, runs) in [(running, 3), (waiting, 3)] {
            gate.notify()
            await bench.gone(job)
            await bench.calls.begun(runs)
        }
    }

    @Test(
        "A new budget that is still read holds a job back that would begin at its provider",
        arguments: [true, false]
    )
    @LoopActor
    func holdsBack(isOfProvider: Bool) async throws {
        let bench = try await BoardBench(concurrency: 1)
        let (ledger, gate) = (bench.board.ledger, ChangeSignal())
        let set = try lanes(["name": "a", "provider": "p", "price": 100])
        let (running, waiting) = try await queue(bench, set, gate)
        let settings = isOfProvider ? budget(1000, .provider, "p") : budget(1000)

        ledger.unread = BudgetIndex(settings.budgets)
        #expect((bench.board.place(of: waiting).estimatedStart == nil) == isOfProvider)
        gate.notify()
        await bench.gone(running)
        if isOfProvider {
            try await eventually("a place to be free") { bench.board.runningCount == 0 }
            #expect(bench.calls.count == 2)
        } else {
            // What all budgets had granted when it was accepted is granted still.
            await bench.calls.begun(3)
        }
        ledger.use(settings)
        await bench.calls.begun(3)
        gate.notify()
        await bench.gone(waiting)

        #expect(waiting.state == .succeeded)
        #expect(ledger.book.spentToday == 300)
    }

    @Test @LoopActor
    func `a lane that waits for its budget keeps a job alive whose other lane is blocked beyond its deadline`()
        async throws
    {
        let bench = try await BoardBench(concurrency: 1)
        let (board, ledger, gate) = (bench.board, bench.board.ledger, ChangeSignal())
        let set = try lanes(
            ["name": "a", "provider": "blocked", "price": 5, "quota": ["every": 10]],
            ["name": "b", "provider": "p", "price": 100]
        )
        board.lanes.restore(account: "blocked", started: .now(), blockedUntil: .now() + .seconds(30 * 86_400))
        let (running, waiting) = try await queue(bench, set, gate)
        let settings = budget(1000, .provider, "p")

        ledger.unread = BudgetIndex(settings.budgets)
        gate.notify()
        await bench.gone(running)
        try await eventually("a place to be free") { board.runningCount == 0 }
        #expect(!waiting.state.isFinal && bench.calls.count == 2)
        ledger.use(settings)
        await bench.calls.begun(3)
        gate.notify()
        await bench.gone(waiting)

        #expect(waiting.state == .succeeded)
    }

    @Test @LoopActor func `nothing is reserved again under a budget that is still read`() async throws {
        for limit: Int64 in [199, 200] {
            let bench = try await BoardBench()
            let ledger = bench.board.ledger
            let settings = budget(limit)
            bench.calls.answer = { _, attempt in
                guard attempt.number == 1 else { return await bench.image("a") }
                ledger.unread = BudgetIndex(settings.budgets)
                return Self.failed(502, mayBePaid: true)
            }
            let set = try lanes(["name": "a", "price": 100], ["name": "b", "price": 100])

            let job = try await bench.board.accept(bench.ticket(key: "k", lanes: set), for: "f", needsFile: true)
            await bench.until(job) { job.generation.attempts.last?.ended != nil && job.state != .running }
            #expect(ledger.book.reservedInAll == 0 && bench.calls.count == 1)
            ledger.use(settings)
            await bench.gone(job)

            #expect(job.state == (limit == 200 ? .succeeded : .failed))
            #expect(ledger.book.spentToday == (limit == 200 ? 200 : 100))
        }
    }
}
