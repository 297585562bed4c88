// A caller of Runware as the host is one: comes back after each wait, with a new attempt and a clock moved by hand.
import CivilTime
import EdgeLoop
import JSON
import Providers
import Synchronization
import TestSupport
import Upstream

@testable import Runware

@LoopActor
final class Driver {
    nonisolated static let attemptID = "019a8e5c-4f2b-7c31-9f0e-2b1c5d8a7e64"
    nonisolated static let taskUUID = "019a8e5c-4f2b-4c31-9f0e-2b1c5d8a7e64"
    /// More runs than any task takes.
    private static let runsMax = 400

    let provider: Runware
    let script: RunwareScript
    private(set) var pauses: [Int] = []
    private(set) var phases: [String] = []
    private(set) var reports: [String] = []
    var timeout: Duration = .seconds(60)
    /// After so many runs time passes by minutes: who asks for ever has an end to it.
    var runsBeforeHurry = Driver.runsMax
    /// Of the first run.
    var attemptID = Driver.attemptID
    private let clock: Clock

    private final class Clock: Sendable {
        let time = Mutex(Timestamp(milliseconds: 1_700_000_000_000))
        let notes = Mutex<[String]>([])
    }

    init(
        _ script: RunwareScript,
        delivery: RunwareSettings.Delivery = .async,
        output: RunwareSettings.Output = .url,
        imageBytesMax: Int = 1 << 20,
        baseURL: String? = nil,
        results: Upstream? = nil
    ) throws {
        self.script = script
        let clock = Clock()
        self.clock = clock
        provider = Runware(
            settings: try RunwareSettings(
                baseURL: (baseURL ?? script.upstream.url) + "/v1",
                key: try ProviderKey(RunwareScript.key, name: "RUNWARE_API_KEY"),
                delivery: delivery,
                output: output,
                imageBytesMax: imageBytesMax
            ),
            transport: UpstreamTransport(Upstream(), results: results),
            now: { clock.time.withLock { $0 } }
        )
    }

    /// Runs until there is an image or an error.
    func image(_ request: ImageRequest, isUnsure: Bool = false) async throws -> ImageResult {
        var attempt = attempt(attemptID)
        attempt.isUnsure = isUnsure
        for number in 2...Self.runsMax {
            switch try await provider.answer(request, attempt: attempt) {
            case .image(let image):
                reports = clock.notes.withLock { $0 }
                return image
            case .later(let after, let state):
                pauses.append(Int(after.components.seconds))
                phases.append(state["phase"]?.string ?? "")
                let passed = number > runsBeforeHurry ? .seconds(600) : after
                clock.time.withLock { $0 = $0 + passed }
                // Every run of a host is a new attempt, with an id of its own: only the state knows the task.
                attempt = self.attempt("019a8e5c-4f2b-7c31-9f0e-00000000\(1000 + number)")
                attempt.state = state
            }
        }
        throw EndlessTask()
    }

    /// The error that a request ends with.
    func error(_ request: ImageRequest, isUnsure: Bool = false) async throws -> ProviderError {
        do {
            _ = try await image(request, isUnsure: isUnsure)
        } catch let error as ProviderError {
            return error
        }
        throw NoError()
    }

    private func attempt(_ id: String) -> ProviderAttempt {
        ProviderAttempt(
            id: id,
            timeout: timeout,
            report: { [clock] fraction, note in clock.notes.withLock { $0.append("\(fraction) \(note)") } },
            pause: { (_) throws(CancellationError) in }
        )
    }

    struct EndlessTask: Error {}
    struct NoError: Error {}
}
