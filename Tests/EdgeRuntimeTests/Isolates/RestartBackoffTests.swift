import Testing

@testable import EdgeRuntime

struct RestartBackoffTests {
    private let start = ContinuousClock.now

    @Test func `the first restart is immediate, later ones wait longer up to the limit`() {
        var backoff = RestartBackoff()

        let waits = (0..<8).map { _ in
            backoff.crashed(at: start)
            return backoff.wait(at: start)
        }

        #expect(waits == [0, 100, 400, 1600, 6400, 10_000, 10_000, 10_000].map { .milliseconds($0) })
    }

    @Test func `the wait grows shorter as time passes and is never negative`() {
        var backoff = RestartBackoff()
        for _ in 0..<3 { backoff.crashed(at: start) }

        #expect(backoff.wait(at: start + .milliseconds(150)) == .milliseconds(250))
        #expect(backoff.wait(at: start + .seconds(9)) == .zero)
    }

    @Test func `an answered call starts anew`() {
        var backoff = RestartBackoff()
        for _ in 0..<4 { backoff.crashed(at: start) }

        backoff.answered()
        backoff.crashed(at: start)

        #expect(backoff.wait(at: start) == .zero)
    }
}
