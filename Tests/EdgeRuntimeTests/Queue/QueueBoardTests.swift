// Whose jobs go first, and what each is told of its place.
import Callers
import CivilTime
import EdgeLoop
import Glibc
import JSON
import TestSupport
import Testing

@testable import EdgeRuntime

struct QueueBoardTests {
    init() { TestLoop.start() }

    private static func caller(_ tier: Tier, _ id: String, user: String? = nil) -> Caller {
        Caller(id: id, tier: tier, isKnown: true, user: user)
    }

    /// A board whose runs end one by one, when they are told to.
    @LoopActor
    private final class Played {
        let bench: BoardBench
        private(set) var began: [String] = []
        private let next = ChangeSignal()
        private var ended = 0

        init(concurrency: Int = 1) async throws {
            bench = try await BoardBench(concurrency: concurrency)
            bench.calls.answer = { [unowned self] generation, attempt in
                began.append(generation.id)
                let number = began.count
                while ended < number { _ = await next.wait(unless: { self.ended >= number }) }
                return await bench.image(attempt.id)
            }
        }

        func accept(_ key: String, _ caller: Caller, waits: Bool = true) async throws -> Job {
            let job = try await bench.board.accept(bench.ticket(key: key), for: "f", by: caller, needsFile: waits)
            if bench.calls.count == 0 { await bench.calls.begun(1) }
            return job
        }

        func end(_ count: Int) async {
            let before = bench.calls.count
            ended += count
            next.notify()
            await bench.calls.begun(before + count)
        }

        func endAll() {
            ended = .max
            next.notify()
        }

        func positions(_ jobs: [Job]) -> [Int?] { jobs.map { bench.board.place(of: $0).position } }
    }

    @Test @LoopActor func `paid jobs go first, and users take turns`() async throws {
        let played = try await Played()
        let greedy = Self.caller(.free, "ip:1")
        _ = try await played.accept("running", greedy)
        var jobs: [Job] = []
        for number in 0..<3 { jobs.append(try await played.accept("greedy \(number)", greedy)) }
        jobs.append(try await played.accept("other", Self.caller(.free, "ip:2")))
        jobs.append(try await played.accept("paid", Self.caller(.premium, "key:p")))

        #expect(played.positions(jobs) == [2, 4, 5, 3, 1])
        await played.end(5)
        #expect(Array(played.began.dropFirst()) == [jobs[4], jobs[0], jobs[3], jobs[1], jobs[2]].map(\.id))
        played.endAll()
        for job in jobs { await played.bench.gone(job) }
    }

    @Test @LoopActor func `a follower with a better tier lifts the work, and its leaving takes that back`() async throws
    {
        let played = try await Played()
        let free = Self.caller(.free, "ip:1")
        _ = try await played.accept("running", free)
        let first = try await played.accept("a", free)
        let second = try await played.accept("b", Self.caller(.free, "ip:2"))
        let paid = try await played.accept("b", Self.caller(.pro, "key:p"))

        #expect(paid.generation === second.generation)
        #expect(second.generation.tier == .pro)
        #expect(played.positions([first, second, paid]) == [2, 1, 1])
        await played.bench.board.cancel(paid)
        #expect(second.generation.tier == .free)
        #expect(played.positions([first, second]) == [1, 2])
        played.endAll()
        for job in [first, second] { await played.bench.gone(job) }
    }

    @Test @LoopActor func `work goes on as that of its follower when the first one leaves`() async throws {
        let played = try await Played()
        let free = Self.caller(.free, "ip:1")
        _ = try await played.accept("running", free)
        let paid = try await played.accept("b", Self.caller(.pro, "key:p"))
        let follower = try await played.accept("b", free)
        await played.bench.board.cancel(paid)

        #expect(follower.generation.tier == .free)
        #expect(follower.generation.standing.startBy == follower.created + TierRules(.free).wait)
        played.endAll()
        await played.bench.gone(follower)
    }

    @Test @LoopActor func `a follower whose turn comes sooner brings the work forward`() async throws {
        let played = try await Played()
        let greedy = Self.caller(.free, "ip:1")
        _ = try await played.accept("running", greedy)
        var jobs: [Job] = []
        for number in 0..<5 { jobs.append(try await played.accept("greedy \(number)", greedy)) }
        jobs.append(try await played.accept("greedy 4", Self.caller(.free, "ip:2")))

        #expect(played.positions(jobs) == [1, 3, 4, 5, 2, 2])
        played.endAll()
        for job in jobs { await played.bench.gone(job) }
    }

    @Test @LoopActor func `work of a caller who has had its share goes in the order of its lesser tier`() async throws {
        let played = try await Played()
        _ = try await played.accept("running", Self.caller(.free, "ip:1"))
        let free = try await played.accept("a", Self.caller(.free, "ip:1"))
        played.bench.board.tierOf = { _, _, _ in .free }
        let slowed = try await played.accept("b", Self.caller(.pro, "key:p"))
        let follower = try await played.accept("b", Self.caller(.pro, "key:q"))

        #expect(follower.generation === slowed.generation)
        #expect(slowed.generation.tier == .free)
        #expect(slowed.generation.standing.startBy == slowed.created + TierRules(.free).wait)
        #expect(played.positions([free, slowed]) == [1, 2])
        played.endAll()
        for job in [free, slowed] { await played.bench.gone(job) }
    }

    @Test @LoopActor func `the order is the same after a restart`() async throws {
        let played = try await Played()
        _ = try await played.accept("running", Self.caller(.free, "ip:1"))
        let free = try await played.accept("a", Self.caller(.free, "ip:1"))
        let paid = try await played.accept("b", Self.caller(.pro, "key:p", user: "alice"))
        let found = try await played.bench.restarted()
        let other = try await BoardBench(concurrency: 1)
        other.board.stop()

        await other.board.adopt(found.filter { $0.started == nil })

        let adopted = try #require(other.board.job(paid.id))
        #expect(adopted.generation.standing == paid.generation.standing)
        played.endAll()
        for job in [free, paid] { await played.bench.gone(job) }
    }

    @Test @LoopActor func `a line that comes due while the queue is still looked at is not forgotten`() async throws {
        let bench = try await BoardBench()
        let begun = ChangeSignal()
        var settings = JobSettings()
        settings.concurrency = 2
        let generation = bench.queued().generation
        let seen = Seen()
        let queue = JobQueue(
            settings: settings,
            gate: { _, _ in
                guard seen.looks == 0 else { return nil }
                seen.looks += 1
                let until = Timestamp.now() + .milliseconds(1)
                while Timestamp.now() <= until + .milliseconds(2) { sched_yield() }
                return LaneBlock(line: "account a", until: until, expected: until, reason: "")
            },
            start: { _ in
                seen.hasBegun = true
                begun.notify()
            }
        )

        queue.add(generation)

        #expect(await begun.wait(atMost: Changes.patience, unless: { seen.hasBegun }))
        queue.stop()
    }

    @LoopActor
    private final class Seen {
        var looks = 0
        var hasBegun = false
    }

    // MARK: Estimates and refusals

    @LoopActor
    private final class Force { var isOn = true }

    @Test @LoopActor func `the document tells place and estimate as soon as it is known, and nothing once it runs`()
        async throws
    {
        let played = try await Played()
        let caller = Self.caller(.free, "ip:1")
        let running = try await played.accept("running", caller)
        let second = try await played.accept("a", caller)
        let third = try await played.accept("b", caller)
        let board = played.bench.board
        func shown(_ job: Job) -> JSONObject {
            JobDocument.shown(JobDocument.stored(job), base: "", place: board.place(of: job))
        }

        #expect(shown(running)["position"] == .null && shown(running)["estimatedStart"] == .null)
        #expect(shown(second)["position"] == 1 && shown(second)["estimatedStart"] == .null, "nobody knows yet")
        await played.end(1)
        #expect(shown(second)["position"] == .null && shown(second)["estimatedStart"] == .null)
        #expect(shown(third)["position"] == 1)
        let start = try #require(shown(third)["estimatedStart"]?.string.flatMap { Timestamp(iso8601: $0) })
        #expect(abs((start - .now()).inSeconds) < 60)
        #expect(start.milliseconds % 1000 == 0)
        played.endAll()
        await played.bench.gone(third)
    }

    @Test @LoopActor func `free work that would begin long after its target is refused, paid work is not`() async throws
    {
        let bench = try await BoardBench()
        let force = Force()
        bench.board.guards = [OverflowGuard(board: bench.board) { force.isOn }]
        let free = Self.caller(.free, "ip:1")
        let lanes = LaneSet([try Lane(["name": "a", "quota": ["every": 10]])])
        bench.board.lanes.restore(account: "a", started: .now() - .seconds(5), blockedUntil: .now() + .seconds(300))
        var waiting: [Job] = []
        func accept(_ key: String, _ caller: Caller) async throws {
            waiting.append(
                try await bench.board.accept(
                    bench.ticket(key: key, lanes: lanes),
                    for: "f",
                    by: caller,
                    needsFile: true
                )
            )
        }
        // At 300, 310, ... s from now; up to 360 s is near enough.
        for number in 0..<6 { try await accept("\(number)", Self.caller(.free, "ip:\(number)")) }

        let refusal = await #expect(throws: Problem.self) {
            for number in 6..<40 { try await accept("\(number)", free) }
        }
        #expect(refusal?.status == 503)
        #expect(refusal?.code == "busy")
        #expect((1...20).contains(refusal?.retryAfter ?? 0))
        #expect(refusal?.message == "busy, try again in about \(refusal?.retryAfter ?? 0) s")
        for (number, tier) in [Tier.premium, .pro, .enterprise].enumerated() {
            try await accept("paid \(number)", Self.caller(tier, "key:\(number)"))
        }
        try await accept("the operator's", .local)
        force.isOn = false
        try await accept("nobody is known", free)
        bench.board.abandon()
    }

    @Test func `an estimate is in time up to the tier's overflow`() {
        let now = Timestamp(milliseconds: 1_000_000)
        let rules = TierRules(.free)

        #expect(rules.excess(of: now + .seconds(360), arrived: now) == nil)
        #expect(rules.excess(of: now + .seconds(372), arrived: now) == .seconds(12))
        #expect(rules.excess(of: nil, arrived: now) == nil)
        #expect(TierRules(.premium).excess(of: now + .seconds(9999), arrived: now) == nil)
    }

    @Test func `an estimate that moves by little is no news, anything else is`() {
        let start = Timestamp(milliseconds: 1_000_000)
        func document(_ position: Int, _ seconds: Int?) -> JSONObject {
            [
                "position": .integer(Int64(position)),
                "estimatedStart": seconds.map { .string((start + .seconds($0)).iso8601) } ?? .null,
            ]
        }

        #expect(JobDocument.isNews(document(3, 10), after: nil))
        #expect(!JobDocument.isNews(document(3, 10), after: document(3, 10)))
        #expect(!JobDocument.isNews(document(3, 12), after: document(3, 10)))
        #expect(!JobDocument.isNews(document(3, 8), after: document(3, 10)))
        #expect(JobDocument.isNews(document(3, 13), after: document(3, 10)))
        #expect(JobDocument.isNews(document(2, 10), after: document(3, 10)))
        #expect(JobDocument.isNews(document(3, nil), after: document(3, 10)))
    }

    @Test @LoopActor func `a poll makes sense when the job is expected to begin, and from time to time`() {
        let now = Timestamp(milliseconds: 1_000_000)
        func seconds(_ state: String, _ start: Int?) -> Int {
            let estimate: JSONValue = start.map { .string((now + .seconds($0)).iso8601) } ?? .null
            return JobAnswers.pollSeconds(["state": .string(state), "estimatedStart": estimate], now: now)
        }

        #expect(seconds("queued", nil) == 2)
        #expect(seconds("waiting", nil) == 5)
        #expect(seconds("queued", 1) == 2)
        #expect(seconds("queued", 17) == 17)
        #expect(seconds("queued", 4000) == 30)
    }
}
