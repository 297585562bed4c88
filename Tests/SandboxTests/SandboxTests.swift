import JSON
import Providers
import Synchronization
import Testing

@testable import Sandbox

/// Time that only a test moves, and what was reported on the way.
private final class Hand: Sendable {
    let time = Mutex(Duration.zero)
    let notes = Mutex<[String]>([])

    func attempt() -> ProviderAttempt {
        ProviderAttempt(
            report: { fraction, note in self.notes.withLock { $0.append("\(fraction) \(note)") } },
            pause: { (pause) throws(CancellationError) in self.time.withLock { $0 += pause } }
        )
    }
}

struct SandboxTests {
    private let request = ImageRequest(prompt: "a lighthouse", width: 64, height: 64, seed: 7)

    private func sandbox(_ hand: Hand, _ set: (inout SandboxSettings) -> Void) -> Sandbox {
        var settings = SandboxSettings()
        set(&settings)
        return Sandbox(settings: settings) { hand.time.withLock { $0 } }
    }

    @Test func `an image costs nothing and says what it is`() async throws {
        let hand = Hand()

        let answer = try await sandbox(hand) { _ in }.answer(request, attempt: hand.attempt())

        guard case .image(let image) = answer else { return #expect(Bool(false), "no image") }
        #expect(
            image.facts == [
                "provider": "sandbox", "type": "image/png", "seed": 7, "cost": 0, "width": 64, "height": 64,
            ]
        )
        #expect(image.bytes == Sandbox.picture(of: request))
    }

    @Test func `an image that takes its time tells how far it is`() async throws {
        let hand = Hand()

        _ = try await sandbox(hand) { $0.time = .seconds(2) }.answer(request, attempt: hand.attempt())

        #expect(
            hand.notes.withLock { $0 } == [
                "0.25 step 1 of 4", "0.5 step 2 of 4", "0.75 step 3 of 4", "1.0 step 4 of 4",
            ]
        )
        #expect(hand.time.withLock { $0 } == .seconds(2))
    }

    @Test func `it refuses as a provider that sleeps, limits and fails`() async throws {
        let hand = Hand()
        let sleeper = sandbox(hand) { $0.load = .seconds(20) }
        let limiter = sandbox(hand) { $0.rate = .seconds(9) }
        let failer = sandbox(hand) { $0.failEvery = 1 }
        _ = try await limiter.answer(request, attempt: hand.attempt())

        let loading = await #expect(throws: ProviderError.self) {
            try await sleeper.answer(request, attempt: hand.attempt())
        }
        let limited = await #expect(throws: ProviderError.self) {
            try await limiter.answer(request, attempt: hand.attempt())
        }
        let failed = await #expect(throws: ProviderError.self) {
            try await failer.answer(request, attempt: hand.attempt())
        }

        #expect(loading?.kind == .loading(estimate: .seconds(20)))
        #expect(limited?.kind == .rateLimited(after: .seconds(9)))
        #expect(failed?.kind == .unavailable(after: nil))
        #expect(failed?.status == 500)
    }

    @Test func `a caller that has gone ends the work`() async {
        let hand = Hand()
        let gone = ProviderAttempt(pause: { (_) throws(CancellationError) in throw CancellationError() })

        let error = await #expect(throws: ProviderError.self) {
            try await sandbox(hand) { $0.time = .seconds(60) }.answer(request, attempt: gone)
        }

        #expect(error?.kind == .canceled)
    }
}
