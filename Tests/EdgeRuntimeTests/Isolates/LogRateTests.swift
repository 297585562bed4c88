import Testing

@testable import EdgeRuntime

struct LogRateTests {
    private let start = ContinuousClock.now

    @Test func `a burst passes and a flood does not`() {
        var rate = LogRate(at: start)

        let verdicts = (0..<5000).map { _ in rate.admit(bytes: 10, at: start) }

        #expect(verdicts.count { $0 == .pass } == 1000)
        #expect(rate.dropped == 4000)
    }

    @Test func `when there is room again, the first line says how many were dropped`() {
        var rate = LogRate(at: start)
        for _ in 0..<1005 { _ = rate.admit(bytes: 10, at: start) }

        let later = [1, 2].map { rate.admit(bytes: 10, at: start + .seconds($0)) }

        #expect(later == [.passAfter(dropped: 5), .pass])
    }

    @Test func `few long lines are bounded as well`() {
        var rate = LogRate(at: start)

        let passed = (0..<1000).count { _ in rate.admit(bytes: 8192, at: start) == .pass }

        #expect(passed == 128)
    }
}
