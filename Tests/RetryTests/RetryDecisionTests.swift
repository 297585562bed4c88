import Retry
import Testing

struct RetryDecisionTests {
    private let hour = Duration.seconds(3600)

    @Test func `a result is delivered, a final answer fails with its status`() {
        var decision = RetryDecision()

        #expect(decision.ended(.success, left: .zero, jitter: 0) == .deliver)
        #expect(decision.ended(.final(status: 402), left: hour, jitter: 0) == .fail(.final(status: 402)))
    }

    @Test func `waits use no attempt, however many there are`() {
        var decision = RetryDecision(attempts: 1)

        for _ in 0..<500 {
            let loading = decision.ended(.limited(status: 503, after: nil, estimate: 20), left: hour, jitter: 0)
            let limited = decision.ended(
                .limited(status: 429, after: .seconds(7), estimate: nil),
                left: hour,
                jitter: 0
            )
            let notReady = decision.ended(.notReady(after: .seconds(2)), left: hour, jitter: 0)

            #expect(loading == .wait(.seconds(10), cause: .loading))
            #expect(limited == .wait(.seconds(7), cause: .rateLimit))
            #expect(notReady == .wait(.seconds(2), cause: .notReady))
        }
        #expect(decision.failures == 0)
    }

    @Test func `a limit that may have been paid for is waited for as long, and uses an attempt`() {
        var decision = RetryDecision(attempts: 3)
        let limited = RunOutcome.limited(status: 503, after: .seconds(7), estimate: nil)

        let moves = (0..<3).map { _ in decision.ended(limited, left: hour, jitter: 0, mayBePaid: true) }

        #expect(moves[0] == .retry(after: .seconds(7), failures: 1))
        #expect(moves[1] == .retry(after: .seconds(7), failures: 2))
        #expect(moves[2] == .fail(.attemptsUsed(failures: 3, last: .status(503))))
        #expect(
            decision.ended(limited, left: .seconds(5), jitter: 0, mayBePaid: true)
                == .fail(.deadline(status: 503, retryAfter: .seconds(7)))
        )
    }

    @Test func `waits without a hint grow 1, 2, 4, 8, 8 s`() {
        var decision = RetryDecision()

        let pauses = (0..<6).map { _ in
            decision.ended(.limited(status: 429, after: nil, estimate: nil), left: hour, jitter: 1)
        }

        #expect(pauses == [1, 2, 4, 8, 8, 8].map { .wait(.seconds($0), cause: .rateLimit) })
        #expect(decision.waits == 6)
    }

    @Test func `a hint or a failure begins the growing waits anew`() {
        var decision = RetryDecision(waits: 3)

        _ = decision.ended(.notReady(after: .seconds(2)), left: hour, jitter: 1)
        let afterHint = decision.ended(.notReady(after: nil), left: hour, jitter: 1)
        _ = decision.ended(.failed(.timedOut), left: hour, jitter: 1)
        let afterFailure = decision.ended(.notReady(after: nil), left: hour, jitter: 1)

        #expect(afterHint == .wait(.seconds(1), cause: .notReady))
        #expect(afterFailure == .wait(.seconds(1), cause: .notReady))
    }

    @Test func `Retry-After wins over an estimate and is not cut`() {
        var decision = RetryDecision()

        let move = decision.ended(.limited(status: 503, after: .seconds(120), estimate: 20), left: hour, jitter: 0)

        #expect(move == .wait(.seconds(120), cause: .loading))
    }

    @Test(arguments: [Duration.zero, .seconds(-5), .milliseconds(1)])
    func `a wait is at least a second`(after: Duration) {
        var decision = RetryDecision()

        #expect(decision.ended(.notReady(after: after), left: hour, jitter: 0) == .wait(.seconds(1), cause: .notReady))
    }

    @Test func `a told wait is spread to later, never to earlier, and never past the deadline`() {
        var decision = RetryDecision()
        let limited = RunOutcome.limited(status: 429, after: .seconds(5), estimate: nil)
        let long = RunOutcome.limited(status: 429, after: .seconds(60), estimate: nil)

        #expect(decision.ended(limited, left: hour, jitter: 1) == .wait(.seconds(5.5), cause: .rateLimit))
        #expect(decision.ended(long, left: hour, jitter: 1) == .wait(.seconds(61), cause: .rateLimit))
        #expect(decision.ended(long, left: .seconds(60.5), jitter: 1) == .wait(.seconds(60), cause: .rateLimit))
    }

    @Test(arguments: [429, 503])
    func `a wait beyond the deadline ends the job at once with its status and Retry-After`(status: Int) {
        var decision = RetryDecision()
        let day = Duration.seconds(86_400)

        let move = decision.ended(.limited(status: status, after: day, estimate: nil), left: hour, jitter: 0.5)

        #expect(move == .fail(.deadline(status: status, retryAfter: day)))
        guard case .fail(let reason) = move else { return }
        #expect(reason.status == status)
    }

    @Test func `a function that is not ready before the deadline is a timeout`() {
        var decision = RetryDecision()

        let move = decision.ended(.notReady(after: .seconds(10)), left: .seconds(10), jitter: 0)

        #expect(move == .fail(.deadline(status: 504, retryAfter: .seconds(10))))
    }

    @Test func `failures back off with full jitter and count up to the attempts`() {
        var decision = RetryDecision(attempts: 4)
        let failed = RunOutcome.failed(.status(500))

        let moves = (0..<4).map { _ in decision.ended(failed, left: hour, jitter: 0.5) }

        #expect(
            moves == [
                .retry(after: .seconds(0.5), failures: 1), .retry(after: .seconds(1), failures: 2),
                .retry(after: .seconds(2), failures: 3), .fail(.attemptsUsed(failures: 4, last: .status(500))),
            ]
        )
    }

    @Test func `a single attempt that fails is the last`() {
        var decision = RetryDecision(attempts: 1)

        let move = decision.ended(.failed(.processEnded), left: hour, jitter: 0.5)

        #expect(move == .fail(.attemptsUsed(failures: 1, last: .processEnded)))
    }

    @Test func `a retry beyond the deadline is not begun`() {
        var decision = RetryDecision(failures: 3)

        let move = decision.ended(.failed(.connectionClosed), left: .seconds(2), jitter: 0.5)

        #expect(move == .fail(.deadline(status: 502, retryAfter: .seconds(4))))
    }

    @Test func `waits between failures do not forget the failures`() {
        var decision = RetryDecision(attempts: 2)

        _ = decision.ended(.failed(.timedOut), left: hour, jitter: 1)
        _ = decision.ended(.limited(status: 503, after: .seconds(1), estimate: nil), left: hour, jitter: 1)
        let move = decision.ended(.failed(.timedOut), left: hour, jitter: 1)

        #expect(move == .fail(.attemptsUsed(failures: 2, last: .timedOut)))
    }

    @Test func `failures and waits from a job file restore it`() {
        var before = RetryDecision(attempts: 5)
        _ = before.ended(.failed(.timedOut), left: hour, jitter: 1)
        _ = before.ended(.notReady(after: nil), left: hour, jitter: 1)

        let after = RetryDecision(attempts: 5, failures: before.failures, waits: before.waits)

        #expect(after == before)
        #expect(after.failures == 1 && after.waits == 1)
    }

    @Test func `nonsense from a job file or manifest is held to what is allowed`() {
        #expect(RetryDecision(attempts: 0, failures: -3, waits: -1) == RetryDecision(attempts: 1))
        #expect(RetryDecision(attempts: 1_000).attempts == 20)
        var worn = RetryDecision(attempts: 5, failures: 99, waits: .max)
        #expect(worn.ended(.notReady(after: nil), left: hour, jitter: 1) == .wait(.seconds(8), cause: .notReady))
        #expect(
            worn.ended(.failed(.timedOut), left: hour, jitter: 1)
                == .fail(.attemptsUsed(failures: 100, last: .timedOut))
        )
    }
}
