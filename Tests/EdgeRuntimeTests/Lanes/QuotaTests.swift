import CivilTime
import JSON
import Testing

@testable import EdgeRuntime

struct QuotaTests {
    let start = Timestamp(milliseconds: 1_795_000_000_000)

    @Test func `calls are spaced, and those that wait are spaced behind each other`() {
        let quota = Quota(every: .seconds(2))
        var use = QuotaUse()

        #expect(use.next(quota, now: start) == start)

        use.began(at: start)
        let soon = start + .seconds(1)

        #expect(use.next(quota, now: soon) == start + .milliseconds(2100))
        #expect(use.next(quota, now: soon, ahead: 3) == start + .milliseconds(8400))
        #expect(use.next(quota, now: start + .seconds(5)) == start + .seconds(5))
    }

    @Test func `the distance counts from when a call left, not from when it was decided`() {
        var use = QuotaUse()
        use.began(at: start)
        use.left(at: start + .milliseconds(300))

        #expect(use.next(Quota(every: .seconds(2)), now: start) == start + .milliseconds(2400))
    }

    @Test func `no hour ever holds more calls than allowed`() {
        let quota = Quota(perHour: 3)
        var use = QuotaUse()
        var now = start
        var starts: [Timestamp] = []
        for _ in 0..<20 {
            now = use.next(quota, now: now)
            use.began(at: now)
            use.ended()
            starts.append(now)
            now = now + .seconds(60)
        }

        for (index, first) in starts.enumerated() {
            #expect(starts[index...].count { $0 < first + .seconds(3600) } <= 3)
        }
        #expect(starts[3] == start + .milliseconds(3_600_100))
    }

    @Test func `those ahead fill whole windows`() {
        let quota = Quota(perHour: 2)
        var use = QuotaUse()
        use.began(at: start)

        #expect(use.next(quota, now: start, ahead: 0) == start)
        #expect(use.next(quota, now: start, ahead: 1) == start + .milliseconds(3_600_100))
        #expect(use.next(quota, now: start, ahead: 3) == start + .milliseconds(7_200_200))
    }

    @Test func `a provider that sends us away moves the whole account`() {
        var use = QuotaUse()
        use.block(until: start + .seconds(40))
        use.block(until: start + .seconds(7))

        #expect(use.next(Quota(), now: start) == start + .seconds(40))
        #expect(use.next(Quota(), now: start + .seconds(41)) == start + .seconds(41))
    }

    @Test func `calls at once are counted until they end`() {
        let quota = Quota(atOnce: 2)
        var use = QuotaUse()
        use.began(at: start)
        use.began(at: start)

        #expect(!use.hasSlot(quota))

        use.ended()

        #expect(use.hasSlot(quota))
    }

    @Test func `starts from job files come in any order`() {
        var use = QuotaUse()
        for seconds in [30, 10, 20] { use.restore(start + .seconds(seconds)) }

        #expect(use.next(Quota(every: .seconds(5)), now: start) == start + .milliseconds(35_100))
        #expect(use.used(now: start + .seconds(31)) == (3, 3))
    }

    @Test func `years of calls keep a day of them`() {
        var use = QuotaUse()
        for hour in 0..<5000 {
            use.began(at: start + .seconds(hour * 3600))
            use.ended()
        }

        #expect(use.used(now: start + .seconds(4999 * 3600)) == (1, 24))
        #expect(use.isIdle(now: start + .seconds(6000 * 3600)))
    }

    @Test(
        arguments: [
            ["every": 0], ["every": "2s"], ["hour": 0], ["day": 1.5], ["atOnce": 1_000_000],
        ] as [JSONObject]
    ) func `a quota that makes no sense is refused`(json: JSONObject) {
        #expect(throws: Lane.Mistake.self) { try Quota(.object(json)) }
    }
}
