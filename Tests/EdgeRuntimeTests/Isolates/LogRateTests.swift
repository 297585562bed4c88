import Testing

@testable import EdgeRuntime

struct LogRateTests {
    private let start = ContinuousClock.now

    @Test func `a burst passes, a flood does not and is counted once`() {
        var rate = LogRate(at: start)

        let passed = (0..<5000).count { _ in rate.admit(bytes: 10, at: start) }
        let dropped = [rate.takeDropped(), rate.takeDropped()]

        #expect(passed == 1000)
        #expect(dropped == [4000, 0])
    }

    @Test func `a second gives room for a hundred lines`() {
        var rate = LogRate(at: start)
        for _ in 0..<1000 { _ = rate.admit(bytes: 10, at: start) }

        let passed = (0..<500).count { _ in rate.admit(bytes: 10, at: start + .seconds(1)) }

        #expect(passed == 100)
    }

    @Test func `few long lines are bounded as well`() {
        var rate = LogRate(at: start)

        let passed = (0..<1000).count { _ in rate.admit(bytes: 8192, at: start) }

        #expect(passed == 128)
    }
}
