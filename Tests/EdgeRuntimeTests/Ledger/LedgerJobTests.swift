// What jobs hold, spend and give back.
import Callers
import EdgeLoop
import JSON
import Ledger
import TestSupport
import Testing

@testable import EdgeRuntime

struct LedgerJobTests: LedgerJobSuite {
    init() { TestLoop.start() }

    @Test @LoopActor func `64 at once with the money of one buy one`() async throws {
        let bench = try await BoardBench(concurrency: 64)
        bench.board.ledger.use(budget(100))
        bench.calls.answer = { _, _ in await bench.image("a", facts: ["cost": 100]) }
        let set = try lanes(["name": "a", "price": 100])

        let tasks = (0..<64).map { number in
            Task { @LoopActor in
                await code {
                    try await bench.board.accept(
                        bench.ticket(key: "\(number)", lanes: set),
                        for: "f",
                        needsFile: true
                    )
                }
            }
        }
        var codes: [String?] = []
        for task in tasks { codes.append(await task.value) }
        await bench.idle()

        #expect(codes.count { $0 == nil } == 1)
        #expect(codes.count { $0 == "budget" } == 63)
        #expect(bench.calls.count == 1)
        #expect(bench.board.ledger.book.spentToday == 100)
        #expect(bench.board.ledger.book.holds.isEmpty)
    }

    @Test @LoopActor func `a refusal says the budget, its sums and when it is whole again`() async throws {
        let bench = try await BoardBench()
        bench.board.ledger.use(budget(100, .tier, "free"))
        let set = try lanes(["name": "a", "price": 101])

        do {
            _ = try await bench.board.accept(bench.ticket(key: "k", lanes: set), for: "f", needsFile: true)
            Issue.record("it was accepted")
        } catch let problem as Problem {
            #expect(problem.status == 402)
            #expect(
                problem.message.contains("The budget \"cap\" for free has no room for $0.000101"),
                "\(problem.message)"
            )
            #expect(problem.more["budget"]?["limit"]?.integer == 100)
            #expect((1...86_400).contains(problem.retryAfter ?? 0))
        }
        #expect(bench.board.count == 0)
        #expect(bench.board.runsToday(of: "f") == 0)
        let paying = Caller(id: "key:p", tier: .pro, isKnown: true)
        #expect(
            await code {
                try await bench.board.accept(bench.ticket(key: "k", lanes: set), for: "f", by: paying, needsFile: true)
            } == nil
        )
        await bench.idle()
    }

    @Test @LoopActor func `the cost that was told is settled, whatever was reserved, and it is in the document`()
        async throws
    {
        let bench = try await BoardBench()
        bench.board.ledger.use(budget(1000))
        let gate = ChangeSignal()
        bench.calls.answer = { _, _ in
            _ = await gate.wait()
            return await bench.image("a", facts: ["cost": 250])
        }
        let set = try lanes(["name": "a", "price": 200], ["name": "b", "price": 900])

        let job = try await bench.board.accept(bench.ticket(key: "k", lanes: set), for: "f", needsFile: true)
        await bench.calls.begun(1)
        #expect(JobDocument.stored(job)["reserved"] == 900)
        gate.notify()
        await bench.gone(job)

        let stored = try #require(await bench.stored(job))
        #expect(stored["spent"] == 250)
        #expect(stored["reserved"] == nil)
        #expect(stored["attempts"]?.array?.first?["cost"] == 250)
        #expect(bench.board.ledger.book.spentToday == 250)
        #expect(bench.board.ledger.book.reservedInAll == 0)
    }

    @Test @LoopActor func `equal requests at once are charged once, to whoever came first`() async throws {
        let bench = try await BoardBench()
        bench.board.ledger.use(budget(100))
        let gate = ChangeSignal()
        bench.calls.answer = { _, _ in
            _ = await gate.wait()
            return await bench.image("a")
        }
        let set = try lanes(["name": "a", "price": 100])
        let alice = Caller(id: "key:a", tier: .pro, isKnown: true)

        let first = try await bench.board.accept(
            bench.ticket(key: "k", lanes: set),
            for: "f",
            by: alice,
            needsFile: true
        )
        let second = try await bench.board.accept(bench.ticket(key: "k", lanes: set), for: "f", needsFile: true)
        await bench.calls.begun(1)
        await bench.board.cancel(first)
        #expect(bench.board.ledger.book.reservedInAll == 100)
        gate.notify()
        await bench.gone(second)

        #expect(bench.board.ledger.book.spentToday == 100)
        let stored = try #require(await bench.stored(second))
        #expect(stored["payer"]?["id"] == "key:a")
        #expect(ChargeRow.rows(in: stored).map(\.payer.key) == ["key:a"])
    }

    @Test @LoopActor
    func `a fallback after money that may be gone reserves again, and ends the job where there is no room`()
        async throws
    {
        for limit: Int64 in [199, 200] {
            let bench = try await BoardBench()
            bench.board.ledger.use(budget(limit))
            bench.calls.answer = { _, attempt in
                attempt.lane == "a" ? Self.failed(502, mayBePaid: true) : await bench.image("b")
            }
            let set = try lanes(["name": "a", "price": 100], ["name": "b", "price": 100])

            let job = try await bench.board.accept(bench.ticket(key: "k", lanes: set), for: "f", needsFile: true)
            await bench.gone(job)

            let stored = try #require(await bench.stored(job))
            #expect(stored["attempts"]?.array?.first?["cost"] == 100)
            #expect(stored["attempts"]?.array?.first?["perhapsPaid"] == true)
            #expect(bench.board.ledger.book.reservedInAll == 0)
            if limit == 200 {
                #expect(stored["state"] == "succeeded")
                #expect(bench.board.ledger.book.spentToday == 200)
            } else {
                #expect(stored["error"]?["status"] == 402)
                #expect(stored["error"]?["budget"]?["name"] == "cap")
                #expect(bench.calls.count == 1)
                #expect(bench.board.ledger.book.spentToday == 100)
            }
        }
    }

    @Test @LoopActor func `a failure that cost nothing keeps what is reserved, and the end gives it back`() async throws
    {
        let bench = try await BoardBench(attempts: 2)
        bench.board.ledger.use(budget(100))
        bench.calls.answer = { _, _ in Self.failed(500) }
        let set = try lanes(["name": "a", "price": 100], ["name": "b", "price": 100])

        let job = try await bench.board.accept(bench.ticket(key: "k", lanes: set), for: "f", needsFile: true)
        await bench.gone(job)

        #expect(bench.calls.count == 2)
        #expect(bench.board.ledger.book.spentToday == 0)
        #expect(bench.board.ledger.book.reservedInAll == 0)
    }

    @Test @LoopActor func `a failure that says what it cost is charged that`() async throws {
        let bench = try await BoardBench(attempts: 1)
        bench.board.ledger.use(budget(100))
        bench.calls.answer = { _, _ in Self.failed(422, cost: 30) }

        let job = try await bench.board.accept(
            bench.ticket(key: "k", lanes: try lanes(["name": "a", "price": 100])),
            for: "f",
            needsFile: true
        )
        await bench.gone(job)

        #expect(bench.board.ledger.book.spentToday == 30)
        #expect(await bench.stored(job)?["spent"] == 30)
    }

    @Test @LoopActor func `cancelling before anything was sent gives the money back, and after it keeps it`()
        async throws
    {
        let bench = try await BoardBench(concurrency: 1)
        bench.board.ledger.use(budget(300))
        bench.calls.answer = { _, _ in
            try? await sleep(for: .seconds(3600))
            return Self.failed(500)
        }
        let set = try lanes(["name": "a", "price": 100])

        let sent = try await bench.board.accept(bench.ticket(key: "1", lanes: set), for: "f", needsFile: true)
        let queued = try await bench.board.accept(bench.ticket(key: "2", lanes: set), for: "f", needsFile: true)
        await bench.calls.begun(1)
        await bench.board.cancel(queued)
        #expect(bench.board.ledger.book.reservedInAll == 100)
        #expect(bench.board.ledger.book.spentToday == 0)
        await bench.board.cancel(sent)

        #expect(bench.board.ledger.book.spentToday == 100)
        #expect(bench.board.ledger.book.reservedInAll == 0)
        #expect(await bench.stored(sent)?["attempts"]?.array?.first?["perhapsPaid"] == true)
    }

    @Test @LoopActor func `an attempt of unknown price that may have been paid is counted, and its file tells of it`()
        async throws
    {
        let bench = try await BoardBench()
        bench.calls.answer = { _, attempt in
            attempt.number == 1 ? Self.failed(504, mayBePaid: true) : await bench.image("a")
        }
        let set = try lanes(["name": "a", "provider": "p"], ["name": "b", "price": 5])

        let job = try await bench.board.accept(bench.ticket(key: "k", lanes: set), for: "f", needsFile: true)
        await bench.gone(job)

        let stored = try #require(await bench.stored(job))
        let rows = ChargeRow.rows(in: stored)
        #expect(rows.map(\.kind) == [.unknown, .told], "\(rows)")
        #expect(rows.map(\.amount) == [0, 5])
        #expect(bench.board.ledger.book.holds.isEmpty)
    }

    @Test func `a price that sums have no room for is a mistake`() throws {
        for price in [-1, ChargeRow.amountMax + 1, .max] {
            #expect(throws: Lane.Mistake.self) { try Lane(["name": "a", "price": .integer(price)]) }
            #expect(throws: Lane.Mistake.self) { try LaneSet(["price": .integer(price)], function: "f") }
        }
        #expect(try Lane(["name": "a", "price": .integer(ChargeRow.amountMax)]).price == ChargeRow.amountMax)
    }

    @Test @LoopActor func `an unknown price under a budget is refused, and passed over where another lane has one`()
        async throws
    {
        let bench = try await BoardBench()
        bench.calls.answer = { _, _ in await bench.image("a") }
        let unknown = try lanes(["name": "a", "provider": "p", "model": "m"])
        let mixed = try lanes(["name": "a"], ["name": "b", "price": 5])
        let ask: @LoopActor (String, LaneSet) async throws -> Job = { key, set in
            try await bench.board.accept(bench.ticket(key: key, lanes: set), for: "f", needsFile: true)
        }

        // The stop that is there by itself counts what is known.
        #expect(await code { try await ask("0", unknown) } == nil)
        bench.board.ledger.use(budget(100))
        do {
            _ = try await ask("1", unknown)
            Issue.record("it was accepted")
        } catch let problem as Problem {
            #expect(problem.code == "price_unknown")
            #expect(problem.message.contains("The price of m at p is not known"), "\(problem.message)")
            #expect(problem.message.contains("functions.f.job.price"))
        }
        let job = try await ask("2", mixed)
        await bench.gone(job)

        let attempt = await bench.stored(job)?["attempts"]?.array?.first
        #expect(attempt?["lane"] == "b")
        #expect(attempt?["passed"]?.array?.first?["reason"]?.string?.contains("price is not known") == true)
    }

    @Test @LoopActor
    func `a lane whose provider has no money left is passed over, and without another the request is refused`()
        async throws
    {
        let bench = try await BoardBench()
        bench.board.ledger.use(budget(100, .provider, "dear"))
        bench.calls.answer = { _, _ in await bench.image("x") }
        let both = try lanes(
            ["name": "a", "provider": "dear", "price": 60],
            ["name": "b", "provider": "cheap", "price": 50]
        )

        var lanesUsed: [String?] = []
        for key in ["1", "2"] {
            let job = try await bench.board.accept(bench.ticket(key: key, lanes: both), for: "f", needsFile: true)
            await bench.gone(job)
            lanesUsed.append(await bench.stored(job)?["attempts"]?.array?.first?["lane"]?.string)
        }
        let only = try lanes(["name": "a", "provider": "dear", "price": 60])

        #expect(lanesUsed == ["a", "b"])
        #expect(
            await code { try await bench.board.accept(bench.ticket(key: "3", lanes: only), for: "f", needsFile: true) }
                == "budget"
        )
    }

    @Test @LoopActor func `what does not fit goes to a cheaper lane, and free work always goes`() async throws {
        let bench = try await BoardBench()
        bench.board.ledger.use(budget(10))
        bench.calls.answer = { _, _ in await bench.image("x") }
        let set = try lanes(
            ["name": "dear", "price": 60],
            ["name": "cheap", "price": 10],
            ["name": "free", "price": 0]
        )

        var lanesUsed: [String?] = []
        for key in ["1", "2", "3"] {
            let job = try await bench.board.accept(bench.ticket(key: key, lanes: set), for: "f", needsFile: true)
            await bench.gone(job)
            lanesUsed.append(await bench.stored(job)?["attempts"]?.array?.first?["lane"]?.string)
        }

        #expect(lanesUsed == ["cheap", "free", "free"])
        #expect(bench.board.ledger.book.spentToday == 10)
    }

    @Test @LoopActor func `a job file tells the next host what is held, and what may have been paid`() async throws {
        let bench = try await BoardBench(concurrency: 1)
        bench.board.ledger.use(budget(1000))
        bench.calls.answer = { _, _ in
            try? await sleep(for: .seconds(3600))
            return Self.failed(500)
        }
        let set = try lanes(["name": "a", "price": 100], ["name": "b", "price": 300])
        let asking = try lanes(["name": "c", "price": 70, "takesAttemptIDs": true])
        _ = try await bench.board.accept(bench.ticket(key: "1", lanes: set), for: "f", needsFile: true)
        _ = try await bench.board.accept(bench.ticket(key: "2", lanes: asking), for: "f", needsFile: true)
        await bench.calls.begun(1)
        let next = try await BoardBench(concurrency: 1)
        let files = try await next.takeOver(from: bench)
        bench.board.abandon()
        next.board.ledger.use(budget(460))
        let gate = ChangeSignal()
        next.calls.answer = { _, _ in
            _ = await gate.wait()
            return Self.failed(400)
        }
        await next.board.adopt(files)
        let book = next.board.ledger.book

        // The first lost 100 on its lane, and holds what there is room for; the second had not begun.
        #expect(book.spentToday == 100)
        #expect(book.reservedInAll == 100 + 70, "\(book.holds)")
        await next.calls.begun(1)
        gate.notify()
        await next.calls.begun(2)
        gate.notify()
        await next.idle()
        #expect(next.board.ledger.book.reservedInAll == 0)
        #expect(next.board.ledger.book.spentToday == 100)
    }

    @Test @LoopActor func `a job that lost money with its host ends where there is none for another try`() async throws
    {
        let bench = try await BoardBench(concurrency: 1)
        bench.calls.answer = { _, _ in
            try? await sleep(for: .seconds(3600))
            return Self.failed(500)
        }
        let set = try lanes(["name": "a", "price": 100])
        let job = try await bench.board.accept(bench.ticket(key: "1", lanes: set), for: "f", needsFile: true)
        await bench.calls.begun(1)
        let next = try await BoardBench(concurrency: 1)
        let files = try await next.takeOver(from: bench)
        bench.board.abandon()
        next.board.ledger.use(budget(150))
        await next.board.adopt(files)

        #expect(next.calls.count == 0)
        let stored = try #require(await next.stored(job))
        #expect(stored["error"]?["code"] == "budget")
        #expect(stored["spent"] == 100)
        #expect(next.board.ledger.book.reservedInAll == 0)
    }
}
