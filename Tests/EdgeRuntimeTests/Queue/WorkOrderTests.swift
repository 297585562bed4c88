// One function's work: who goes next, and when the rest is expected to.
import Callers
import CivilTime
import Testing

@testable import EdgeRuntime

struct WorkOrderTests {
    private let start = Timestamp(milliseconds: 1_000_000_000)

    private func standing(_ tier: Tier = .free, _ user: String = "u", at seconds: Int = 0) -> Standing {
        Standing(
            tier: tier,
            user: QueueUser(caller: user),
            startBy: start + .seconds(seconds) + TierRules(tier).wait
        )
    }

    private func free(_ id: String, _ ahead: (String) -> Int) -> LaneBlock? { nil }

    /// What runs from `seconds` on, each giving its place to the next.
    private func drained(_ order: WorkOrder<String>, at seconds: Int) -> [String] {
        var order = order
        let now = start + .seconds(seconds)
        var out: [String] = []
        while let id = order.next(now: now, gate: free) {
            out.append(id)
            order.ended(id, now: now)
        }
        return out
    }

    @Test func `a paying burst goes before free work that came earlier, and free work that is due before it`() {
        var order = WorkOrder<String>(places: 1)
        order.add("free", standing())
        for number in 0..<3 { order.add("pro\(number)", standing(.pro, at: 10)) }
        order.add("late premium", standing(.premium, at: 200))

        #expect(drained(order, at: 20) == ["pro0", "pro1", "pro2", "free", "late premium"])
        let ids = ["pro0", "pro1", "pro2", "free", "late premium"]
        #expect(ids.map { order.position(of: $0, now: start + .seconds(20)) } == [1, 2, 3, 4, 5])
    }

    @Test func `one user's many do not hold another's first back`() {
        var order = WorkOrder<String>(places: 2)
        for number in 0..<500 { order.add("greedy\(number)", standing(.free, "greedy")) }
        let running = (0..<2).map { _ in order.next(now: start, gate: free) }
        order.add("other", standing(.free, "other", at: 1))

        #expect(running == ["greedy0", "greedy1"])
        #expect(order.position(of: "other", now: start) == 2)
        #expect(order.position(of: "greedy499", now: start) == 499)
        order.ended("greedy0", now: start)
        #expect(order.next(now: start, gate: free) == "greedy2")
        order.ended("greedy1", now: start)
        #expect(order.next(now: start, gate: free) == "other")
    }

    @Test func `late free work shares with a paid stream that never ends`() {
        var order = WorkOrder<String>(places: 1)
        for number in 0..<100 { order.add("free\(number)", standing()) }
        for number in 0..<1000 { order.add("pro\(number)", standing(.pro, at: 0)) }

        let first = drained(order, at: 1000).prefix(100)

        #expect(first.count { $0.hasPrefix("free") } == 20)
        // The told places are those that come true, as long as all are late.
        let told = order.position(of: "free10", now: start + .seconds(1000)) ?? 0
        #expect((50...54).contains(told), "\(told)")
        #expect(drained(order, at: 1000).firstIndex(of: "free10").map { (50...54).contains($0 + 1) } == true)
    }

    @Test func `a free caller cannot have the place that is kept for paid ones`() {
        var rules = TierTable()
        rules[.pro].slots = 1
        var order = WorkOrder<String>(places: 2, rules)
        for id in ["f1", "f2"] { order.add(id, standing()) }

        #expect(order.next(now: start, gate: free) == "f1")
        #expect(order.next(now: start, gate: free) == nil)
        let hasTaken = order.takePlace("f3", standing(), now: start, gate: free)
        #expect(!hasTaken)
        order.add("p1", standing(.pro))
        #expect(order.next(now: start, gate: free) == "p1")
        order.ended("p1", now: start)
        #expect(order.next(now: start, gate: free) == nil, "it stays kept")
        order.ended("f1", now: start)
        #expect(order.next(now: start, gate: free) == "f2")
        #expect(order.looksAgain(after: start) == nil)
    }

    @Test func `a line before a lane follows the same order, and tells how many go before`() {
        var order = WorkOrder<String>(places: 10)
        var isOpen = false
        var told: [String: Int] = [:]
        let until = start + .seconds(60)
        func gate(_ id: String, _ ahead: (String) -> Int) -> LaneBlock? {
            told[id] = ahead("account a")
            return isOpen ? nil : LaneBlock(line: "account a", until: until, expected: until, reason: "")
        }
        for (number, user) in ["u", "u", "v"].enumerated() { order.add("\(user)\(number)", standing(.free, user)) }
        #expect(order.next(now: start, gate: gate) == nil)
        order.add("pro", standing(.pro, at: 1))
        #expect(order.next(now: start + .seconds(1), gate: gate) == nil)

        #expect(told == ["u0": 0, "v2": 1, "u1": 2, "pro": 0])
        #expect(order.count == 4)
        #expect(["pro", "u0", "v2", "u1"].map { order.position(of: $0, now: start) } == [1, 2, 3, 4])
        #expect(order.looksAgain(after: start) == until)
        isOpen = true
        #expect(order.next(now: start + .seconds(2), gate: gate) == nil, "the line is not due")
        let freed = ["account a", "account b"].map { order.freed($0) }
        let out = (0..<4).map { _ in order.next(now: start + .seconds(2), gate: gate) }
        #expect(freed == [true, false])
        #expect(out == ["pro", "u0", "v2", "u1"])
    }

    @Test func `what is removed goes nowhere, and those behind move up`() {
        var order = WorkOrder<String>(places: 1)
        for id in ["a", "b", "c"] { order.add(id, standing()) }
        order.remove("b")
        order.remove("unknown")

        #expect(order.position(of: "b", now: start) == nil)
        #expect(order.position(of: "c", now: start) == 2)
        #expect(drained(order, at: 0) == ["a", "c"])
    }

    @Test func `a better standing brings work forward`() {
        var order = WorkOrder<String>(places: 1)
        for id in ["a", "b", "c"] { order.add(id, standing()) }
        let better = standing(.premium, "w")

        #expect(order.isBetter(better, for: "c", now: start))
        order.change("c", to: better)
        order.change("unknown", to: better)
        #expect(drained(order, at: 0) == ["c", "a", "b"])
    }

    @Test func `ten thousand come and go in order, and each is told its place when it comes`() {
        var order = WorkOrder<String>(places: 1)
        for number in 0..<10_000 {
            let id = "job \(number)"
            order.add(id, standing(.free, number % 2 == 0 ? "greedy" : "user \(number)"))
            #expect(order.position(of: id, now: start) != nil)
        }

        let out = drained(order, at: 1)

        #expect(out.count == 10_000)
        #expect(out.first == "job 0" && out[1] == "job 1" && out.last == "job 9998")
    }

    // MARK: Estimates

    @Test func `nothing is estimated before something has run, unless a place is free`() {
        var order = WorkOrder<String>(places: 1)
        #expect(order.estimate(ofNew: "a", standing(), now: start, gate: free) == .at(start))
        _ = order.takePlace("a", standing(), now: start, gate: free)
        order.add("b", standing())

        #expect(order.estimate(of: "b", now: start, gate: free) == .unknown)
        #expect(order.estimate(ofNew: "c", standing(), now: start, gate: free) == .unknown)
    }

    @Test func `places free one after the other, as long as runs have taken lately`() {
        var order = WorkOrder<String>(places: 2)
        for (number, took) in [10, 10, 12].enumerated() {
            _ = order.takePlace("\(number)", standing(), now: start - .seconds(took), gate: free)
            order.ended("\(number)", now: start)
        }
        _ = order.takePlace("r0", standing(), now: start, gate: free)
        _ = order.takePlace("r1", standing(), now: start + .seconds(4), gate: free)
        for number in 0..<3 { order.add("w\(number)", standing()) }
        let now = start + .seconds(5)

        let starts = (0..<3).map { order.estimate(of: "w\($0)", now: now, gate: free).moment }

        #expect(starts == [start + .seconds(10), start + .seconds(14), start + .seconds(20)])
        #expect(order.estimate(ofNew: "x", standing(), now: now, gate: free) == .at(start + .seconds(24)))
        #expect(
            order.estimate(ofNew: "x", standing(.pro), now: now, gate: free) == .at(start + .seconds(10)),
            "paid work comes first"
        )
        // A run that takes longer than most ends any moment.
        #expect(order.estimate(of: "w0", now: start + .seconds(60), gate: free) == .at(start + .seconds(60)))
    }

    @Test func `what a lane says is part of it, and what it cannot say makes all unknown`() {
        var order = WorkOrder<String>(places: 5)
        let (now, far) = (start, start + .seconds(500))
        func gate(_ id: String, _ ahead: (String) -> Int) -> LaneBlock? {
            let expected = far + .seconds(10) * ahead("account a")
            return LaneBlock(
                line: "account a",
                until: far,
                expected: id == "puzzle" ? nil : expected,
                reason: ""
            )
        }
        for id in ["a", "b", "puzzle"] { order.add(id, standing()) }
        _ = order.next(now: now, gate: gate)

        #expect(order.estimate(of: "a", now: now, gate: gate) == .at(far))
        #expect(order.estimate(of: "b", now: now, gate: gate) == .at(far + .seconds(10)))
        #expect(order.estimate(of: "puzzle", now: now, gate: gate) == .unknown)
        #expect(order.estimate(ofNew: "x", standing(), now: now, gate: gate) == .at(far + .seconds(30)))
        #expect(order.estimate(of: "nobody", now: now, gate: gate) == .unknown)
    }
}
