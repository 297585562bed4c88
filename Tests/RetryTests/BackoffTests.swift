import Retry
import Testing

struct BackoffTests {
    @Test func `steps double up to the cap`() {
        #expect((1...6).map { Backoff.waits.step($0) } == [1, 2, 4, 8, 8, 8].map { .seconds($0) })
        #expect(Backoff.failures.step(7) == .seconds(60))
        #expect(Backoff.failures.step(.max) == .seconds(60))
        #expect(Backoff.waits.step(0) == .seconds(1))
        #expect(Backoff.waits.step(-5) == .seconds(1))
    }

    @Test func `full jitter spreads from zero to the step, half jitter from half of it`() {
        #expect(Backoff.failures.fullJitter(3, 0) == .zero)
        #expect(Backoff.failures.fullJitter(3, 0.5) == .seconds(2))
        #expect(Backoff.failures.fullJitter(3, 1) == .seconds(4))
        #expect(Backoff.waits.halfJitter(3, 0) == .seconds(2))
        #expect(Backoff.waits.halfJitter(3, 1) == .seconds(4))
    }

    @Test(arguments: [(-1.0, 0.0), (.nan, 0), (2, 4), (.infinity, 4)])
    func `a jitter outside of 0 to 1 is held to it`(jitter: Double, seconds: Double) {
        #expect(Backoff.failures.fullJitter(3, jitter) == .seconds(seconds))
    }
}

struct LoadingEstimateTests {
    @Test(arguments: [(20.0, 10.0), (300.9, 10), (4.5, 4.5), (0.2, 1), (0, 1), (86_400, 10)])
    func `an estimate is held to 1...10 s`(estimate: Double, seconds: Double) {
        #expect(LoadingEstimate.pause(seconds: estimate) == .seconds(seconds))
    }

    @Test(arguments: [nil, -1, -0.001, .nan, .infinity, -.infinity, 86_401, 1e300] as [Double?])
    func `what is no estimate is none`(estimate: Double?) {
        #expect(LoadingEstimate.pause(seconds: estimate) == nil)
    }
}
