import Retry
import Testing

struct RunOutcomeTests {
    @Test(arguments: [200, 201, 204])
    func `a 2xx is a result`(status: Int) {
        #expect(RunOutcome(status: status, after: nil) == .success)
    }

    @Test func `202 means not ready, with or without a time`() {
        #expect(RunOutcome(status: 202, after: .seconds(3)) == .notReady(after: .seconds(3)))
        #expect(RunOutcome(status: 202, after: nil) == .notReady(after: nil))
    }

    @Test func `429 is always a limit, 503 only with a time or an estimate`() {
        #expect(RunOutcome(status: 429, after: nil) == .limited(status: 429, after: nil, estimate: nil))
        #expect(
            RunOutcome(status: 503, after: .seconds(2)) == .limited(status: 503, after: .seconds(2), estimate: nil)
        )
        #expect(RunOutcome(status: 503, after: nil, estimate: 20) == .limited(status: 503, after: nil, estimate: 20))
        #expect(RunOutcome(status: 503, after: nil) == .failed(.status(503)))
        #expect(RunOutcome(status: 503, after: nil, estimate: -1) == .failed(.status(503)))
    }

    @Test(arguments: [400, 401, 402, 403, 404, 410, 413, 422, 499])
    func `any other 4xx is final`(status: Int) {
        #expect(RunOutcome(status: status, after: .seconds(1)) == .final(status: status))
    }

    @Test(arguments: [500, 502, 504, 599, 301, 100, 0, 999])
    func `anything else is a failed attempt`(status: Int) {
        #expect(RunOutcome(status: status, after: .seconds(1)) == .failed(.status(status)))
    }

    @Test(arguments: [
        (RunFailure.status(500), 500), (.status(301), 502), (.timedOut, 504), (.connectionClosed, 502),
        (.processEnded, 502), (.unusableResult, 502),
    ])
    func `a failure has the status that a client is told`(failure: RunFailure, status: Int) {
        #expect(failure.status == status)
    }
}
