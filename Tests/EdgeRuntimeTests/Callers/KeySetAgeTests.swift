import CivilTime
import Testing

@testable import EdgeRuntime

struct KeySetAgeTests {
    private let start = Timestamp(milliseconds: 1_700_000_000_000)

    @Test func `a set is fetched at once, and again after ten minutes`() {
        var age = KeySetAge()
        let before = age.next(now: start)
        age.succeeded(at: start)

        #expect(before == .zero)
        #expect(age.next(now: start) == .seconds(600))
        #expect(age.next(now: start + .seconds(590)) == .seconds(10))
        #expect(age.next(now: start + .seconds(700)) == .zero)
        #expect(age.next(now: start - .seconds(86_400)) == .seconds(600), "a clock that was set back")
    }

    @Test func `failures are tried again, less and less often, until one ends them`() {
        var age = KeySetAge()
        age.succeeded(at: start)
        let waits = (0..<7).map { _ in
            age.failed()
            return age.next(now: start + .seconds(600))
        }
        age.succeeded(at: start + .seconds(700))

        #expect(waits == [30, 60, 120, 240, 480, 600, 600].map { .seconds($0) })
        #expect(age.next(now: start + .seconds(700)) == .seconds(600))
    }

    @Test func `the last set is good for a day without another`() {
        var age = KeySetAge()
        #expect(!age.isGood(at: start))
        age.succeeded(at: start)
        age.failed()

        #expect(age.isGood(at: start + .seconds(86_399)))
        #expect(!age.isGood(at: start + .seconds(86_400)))
    }

    @Test func `unknown keys are reason for one fetch in 30 seconds`() {
        var age = KeySetAge()
        age.succeeded(at: start)

        let moments = [0, 1, 29, 30, 59, 61].map { start + .seconds($0) }
        let answers = moments.map { age.mayAsk(at: $0) }
        let afterClock = age.mayAsk(at: start - .seconds(3600))

        #expect(answers == [true, false, false, true, false, true])
        #expect(afterClock, "a clock that was set back")
    }
}
