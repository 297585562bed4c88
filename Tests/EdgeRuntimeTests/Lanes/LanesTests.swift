import CivilTime
import EdgeLoop
import JSON
import TestSupport
import Testing

@testable import EdgeRuntime

struct LanesTests {
    let start = Timestamp(milliseconds: 1_795_000_000_000)

    init() { TestLoop.start() }

    private func set(_ choice: String, _ lanes: JSONValue...) throws -> LaneSet {
        try LaneSet(["lanes": .array(lanes), "choose": .string(choice)], function: "generate")
    }

    @LoopActor
    private func name(_ verdict: LaneVerdict) -> String? {
        if case .go(let lane, _) = verdict { lane.name } else { nil }
    }

    @Test func `a ticket without lanes has one that allows everything`() throws {
        #expect(try LaneSet([:], function: "generate").lanes.map(\.name) == ["generate"])
        #expect(try LaneSet(["lane": "runware", "price": 1900], function: "generate").lanes.first?.price == 1900)
        #expect(try set("order", ["name": "sandbox", "model": .null]).lanes.first?.model == nil)
    }

    @Test(
        arguments: [
            ["lanes": []], ["lanes": [["name": ""]]], ["lanes": [["name": "a"], ["name": "a"]]],
            ["lanes": [["name": "a", "weight": -1]]], ["lanes": [["name": "a"]], "choose": "best"],
            ["lanes": [["name": "a", "quota": ["hour": "x"]]]],
        ] as [JSONValue]
    ) func `lanes that make no sense are refused`(ticket: JSONValue) {
        #expect(throws: Lane.Mistake.self) { try LaneSet(ticket, function: "generate") }
    }

    @Test func `what a job file keeps of lanes is what the ticket said`() throws {
        let lanes = try set(
            "weighted",
            [
                "name": "runware/flux", "provider": "runware", "model": "runware:100@1", "account": "runware#1",
                "price": 1900,
                "weight": 2, "quota": ["every": 2, "hour": 30, "day": 1000, "atOnce": 4], "takesAttemptIDs": true,
            ],
            ["name": "b", "price": .null]
        )
        var object: JSONObject = [:]
        lanes.write(to: &object)

        #expect(try LaneSet(.object(object), function: "generate") == lanes)
    }

    @Test func `cheapest goes by price, with the unknown last`() throws {
        let lanes = try set("cheapest", ["name": "a"], ["name": "b", "price": 20], ["name": "c", "price": 10])

        #expect(lanes.ordered(median: { _ in nil }, chance: { 0 }).map(\.name) == ["c", "b", "a"])
        #expect(lanes.highestPrice == nil)
    }

    @Test func `fastest goes by what runs took lately`() throws {
        let lanes = try set("fastest", ["name": "a"], ["name": "b"])
        let medians = ["a": Duration.seconds(3), "b": .seconds(2)]

        #expect(lanes.ordered(median: { medians[$0.name] }, chance: { 0 }).map(\.name) == ["b", "a"])
    }

    @Test func `weights are shares`() throws {
        let lanes = try set("weighted", ["name": "a", "weight": 3], ["name": "b", "weight": 1])
        let firsts = (0..<100).map { draw in
            lanes.ordered(median: { _ in nil }, chance: { Double(draw) / 100 }).first?.name
        }

        #expect(firsts.count { $0 == "a" } == 75)
    }

    @Test @LoopActor func `an open circuit hands over, and says so`() throws {
        let lanes = Lanes()
        let set = try set("order", ["name": "a"], ["name": "b"])
        for _ in 0..<5 {
            lanes.began(set.lanes[0], at: start)
            lanes.ended(set.lanes[0], .failed, at: start)
        }
        let verdict = lanes.verdict(for: set, lateAfter: start + .seconds(60), now: start, ahead: { _ in 0 })

        #expect(
            verdict
                == .go(
                    set.lanes[1],
                    passed: [
                        LanePass(lane: "a", reason: "its circuit is open until \((start + .seconds(30)).iso8601)")
                    ]
                )
        )
    }

    @Test @LoopActor func `a quota is waited for in time, and handed over when it would make the job late`() throws {
        let lanes = Lanes()
        let set = try set("order", ["name": "a", "quota": ["every": 10]], ["name": "b"])
        lanes.began(set.lanes[0], at: start)
        let now = start + .seconds(1)

        guard
            case .blocked(let block) = lanes.verdict(
                for: set,
                lateAfter: now + .seconds(20),
                now: now,
                ahead: { _ in 0 }
            )
        else { return #expect(Bool(false), "not held back") }
        #expect(block.line == "account a")
        #expect(block.until == start + .milliseconds(10_100))

        let late = lanes.verdict(for: set, lateAfter: now + .seconds(5), now: now, ahead: { _ in 0 })
        #expect(name(late) == "b")
        let crowded = lanes.verdict(for: set, lateAfter: now + .seconds(20), now: now, ahead: { _ in 2 })
        #expect(name(crowded) == "b", "those who wait already count")
    }

    @Test @LoopActor func `a limit that a provider told holds for all lanes of its account`() throws {
        let lanes = Lanes()
        let set = try set(
            "order",
            ["name": "x", "provider": "p", "model": "1", "account": "p#1"],
            ["name": "y", "provider": "p", "model": "2", "account": "p#1"]
        )
        lanes.began(set.lanes[0], at: start)
        lanes.ended(set.lanes[0], .limited(until: start + .seconds(7)), at: start)

        guard case .blocked(let block) = lanes.verdict(for: set, lateAfter: start, now: start, ahead: { _ in 0 })
        else { return #expect(Bool(false), "not held back") }
        #expect(block.until == start + .seconds(7))
    }

    @Test @LoopActor func `who has tried every lane begins again with the first`() throws {
        let lanes = Lanes()
        let set = try set("order", ["name": "a"], ["name": "b"])

        #expect(name(lanes.verdict(for: set, tried: ["a"], lateAfter: start, now: start, ahead: { _ in 0 })) == "b")
        #expect(
            name(lanes.verdict(for: set, tried: ["a", "b"], lateAfter: start, now: start, ahead: { _ in 0 })) == "a"
        )
    }

    @Test @LoopActor func `an ended run frees its place for whoever waits`() throws {
        let lanes = Lanes()
        let set = try set("order", ["name": "a", "quota": ["atOnce": 1]])
        var freed: [String] = []
        lanes.onFreed = { freed.append($0) }
        lanes.began(set.lanes[0], at: start)
        guard case .blocked = lanes.verdict(for: set, lateAfter: start, now: start, ahead: { _ in 0 })
        else { return #expect(Bool(false), "not held back") }
        lanes.ended(set.lanes[0], .succeeded(took: .seconds(1)), at: start)

        #expect(freed.contains("account a"))
        #expect(name(lanes.verdict(for: set, lateAfter: start, now: start, ahead: { _ in 0 })) == "a")
    }

    @Test @LoopActor func `a cold model may be left for one that is not loading`() throws {
        let lanes = Lanes()
        let set = try set("order", ["name": "a"], ["name": "b"])
        lanes.began(set.lanes[0], at: start)
        lanes.ended(set.lanes[0], .loading(until: start + .seconds(60)), at: start)

        #expect(lanes.hasWarm(beside: set.lanes[0], in: set, tried: [], now: start))
        #expect(!lanes.hasWarm(beside: set.lanes[1], in: set, tried: [], now: start))
    }

    @Test @LoopActor func `models that callers invent are forgotten, those that are used stay`() throws {
        let lanes = Lanes()
        let used = try Lane(["name": "used", "model": "m"])
        for number in 0..<(3 * Lanes.knownMax) {
            let now = start + .milliseconds(number)
            let lane = try Lane(["name": "p", "model": .string("invented-\(number)")])
            lanes.began(lane, at: now)
            lanes.ended(lane, .succeeded(took: .seconds(1)), at: now)
            lanes.began(used, at: now)
            lanes.ended(used, .succeeded(took: .seconds(2)), at: now)
        }

        #expect(lanes.known.count <= Lanes.knownMax)
        #expect(lanes.median(of: used) == .seconds(2))
    }

    @Test @LoopActor func `a probe whose work was taken on closes the circuit`() throws {
        let lanes = Lanes()
        let set = try set("order", ["name": "a"])
        for _ in 0..<5 {
            lanes.began(set.lanes[0], at: start)
            lanes.ended(set.lanes[0], .failed, at: start)
        }
        let later = start + .seconds(31)
        lanes.began(set.lanes[0], at: later)
        lanes.accepted(set.lanes[0])

        #expect(lanes.circuit(of: set.lanes[0]) == .closed)
    }
}
