import CivilTime
import Testing

@testable import EdgeRuntime

struct ScheduleTests {
    private let start = Timestamp(milliseconds: 1_000_000)

    @Test func `ready work goes first in, first out`() {
        var schedule = Schedule<String>()
        for id in ["a", "b", "c"] { schedule.add(id) }

        #expect(schedule.position(of: "c") == 3)
        #expect(schedule.next(now: start) == "a")
        #expect(schedule.position(of: "c") == 2)
        #expect(schedule.next(now: start) == "b")
        #expect(schedule.next(now: start) == "c")
        #expect(schedule.next(now: start) == nil)
    }

    @Test func `waiting work comes when it is due, in the order of its due times`() {
        var schedule = Schedule<String>()
        schedule.wait("late", until: start + .seconds(20))
        schedule.wait("soon", until: start + .seconds(10))

        #expect(schedule.next(now: start + .seconds(9)) == nil)
        #expect(schedule.nextDue() == start + .seconds(10))
        #expect(schedule.next(now: start + .seconds(30)) == "soon")
        #expect(schedule.next(now: start + .seconds(30)) == "late")
        #expect(schedule.nextDue() == nil)
    }

    @Test func `removed work never runs and counts for nobody's position`() {
        var schedule = Schedule<String>()
        for id in ["a", "b", "c"] { schedule.add(id) }
        schedule.wait("w", until: start + .seconds(1))

        schedule.remove("b")
        schedule.remove("w")

        #expect(schedule.position(of: "c") == 2)
        #expect(schedule.readyCount == 2)
        #expect(schedule.nextDue() == nil)
        #expect(schedule.next(now: start + .seconds(5)) == "a")
        #expect(schedule.next(now: start + .seconds(5)) == "c")
        #expect(schedule.next(now: start + .seconds(5)) == nil)
    }

    @Test func `work that is added again after a wait goes to the end`() {
        var schedule = Schedule<String>()
        schedule.wait("a", until: start + .seconds(10))
        schedule.add("b")

        schedule.remove("a")
        schedule.add("a")

        #expect(schedule.next(now: start + .seconds(60)) == "b")
        #expect(schedule.next(now: start + .seconds(60)) == "a")
        #expect(schedule.next(now: start + .seconds(60)) == nil)
    }

    @Test func `the places and the number of ready ones stay right when some go, wait, or come again`() {
        var schedule = Schedule<Int>()
        for id in 0..<6 { schedule.add(id) }
        schedule.remove(1)
        schedule.wait(2, until: start)
        schedule.add(3)

        #expect(schedule.readyCount == 4)
        #expect([0, 1, 2, 3, 4, 5].map { schedule.position(of: $0) } == [1, nil, nil, 4, 2, 3])
        #expect(schedule.next(now: start) == 0)
        #expect(schedule.readyCount == 4)
        #expect([2, 3, 4, 5].map { schedule.position(of: $0) } == [4, 3, 1, 2])
    }

    @Test func `ten thousand waits come out in order`() {
        var schedule = Schedule<Int>()
        var random = SystemRandomNumberGenerator()
        let order = (0..<10_000).shuffled(using: &random)
        for id in order { schedule.wait(id, until: start + .milliseconds(id)) }

        var out: [Int] = []
        while let id = schedule.next(now: start + .seconds(60)) { out.append(id) }

        #expect(out == Array(0..<10_000))
    }
}
