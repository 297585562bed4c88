import CivilTime
import Testing

@testable import EdgeRuntime

struct ScheduleTests {
    private let start = Timestamp(milliseconds: 1_000_000)

    @Test func `waiting work comes when it is due, in the order of its due times`() {
        var schedule = Schedule<String>()
        schedule.wait("late", until: start + .seconds(20))
        schedule.wait("soon", until: start + .seconds(10))

        #expect(schedule.takeDue(now: start + .seconds(9)) == nil)
        #expect(schedule.nextDue() == start + .seconds(10))
        #expect(schedule.takeDue(now: start + .seconds(30)) == "soon")
        #expect(schedule.takeDue(now: start + .seconds(30)) == "late")
        #expect(schedule.nextDue() == nil)
    }

    @Test func `what was removed is never due, and of two waits of one the later told counts`() {
        var schedule = Schedule<String>()
        schedule.wait("a", until: start + .seconds(1))
        schedule.wait("b", until: start + .seconds(2))
        schedule.wait("b", until: start + .seconds(4))
        schedule.remove("a")

        #expect(schedule.count == 1)
        #expect(schedule.takeDue(now: start + .seconds(3)) == nil)
        #expect(schedule.nextDue() == start + .seconds(4))
        #expect(schedule.takeDue(now: start + .seconds(5)) == "b")
        #expect(schedule.takeDue(now: start + .seconds(5)) == nil)
    }

    @Test func `ten thousand waits come out in order`() {
        var schedule = Schedule<Int>()
        var random = SystemRandomNumberGenerator()
        let order = (0..<10_000).shuffled(using: &random)
        for id in order { schedule.wait(id, until: start + .milliseconds(id)) }

        var out: [Int] = []
        while let id = schedule.takeDue(now: start + .seconds(60)) { out.append(id) }

        #expect(out == Array(0..<10_000))
    }
}
