import CivilTime
import Testing

@testable import EdgeRuntime

struct DayCountTests {
    private let noon = Timestamp(milliseconds: 1_795_262_400_000)

    @Test func `a cap allows that many runs a day and the next day begins anew`() {
        var count = DayCount()
        for _ in 0..<3 { count.add(at: noon) }

        #expect(!count.allows(now: noon, perDay: 3))
        #expect(count.allows(now: noon, perDay: 4))
        #expect(count.allows(now: noon, perDay: 0))
        #expect(count.allows(now: noon + .seconds(43_200), perDay: 3))
    }

    @Test func `runs of an earlier day do not count, in whatever order files are read`() {
        var count = DayCount()
        count.add(at: noon)
        count.add(at: noon - .seconds(86_400))

        #expect(count.count(now: noon) == 1)
    }

    @Test func `the wait for the next day is told in seconds`() {
        #expect(DayCount.secondsToNextDay(noon) == 43_200)
    }
}
