// A caller of Civitai as the host is one: comes back after each wait, with a new attempt and a clock moved by hand.
import CivilTime
import EdgeLoop
import JSON
import Providers
import Synchronization
import TestSupport
import Upstream

@testable import Civitai

@LoopActor
final class Driver {
    nonisolated static let attemptID = "019a8e5c-4f2b-7c31-9f0e-2b1c5d8a7e64"
    /// More runs than any workflow takes.
    private static let runsMax = 400

    let provider: Civitai
    let script: CivitaiScript
    private(set) var pauses: [Int] = []
    private(set) var phases: [String] = []
    private(set) var reports: [String] = []
    private(set) var state: JSONValue?
    var timeout: Duration = .seconds(60)
    /// Of the first run.
    var attemptID = Driver.attemptID
    /// Which try the host calls it.
    var number = 1
    /// After so many runs nobody comes back.
    var runsMax = Driver.runsMax
    private let clock: Clock

    private final class Clock: Sendable {
        let time = Mutex(Timestamp(milliseconds: 1_700_000_000_000))
        let notes = Mutex<[String]>([])
    }

    init(
        _ script: CivitaiScript,
        imageBytesMax: Int = 1 << 20,
        baseURL: String? = nil,
        siteURL: String? = nil,
        results: Upstream? = nil
    ) throws {
        self.script = script
        let clock = Clock()
        self.clock = clock
        provider = Civitai(
            settings: try CivitaiSettings(
                baseURL: baseURL ?? script.upstream.url,
                siteURL: siteURL ?? script.upstream.url,
                key: try ProviderKey(CivitaiScript.key, name: "CIVITAI_API_KEY"),
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
        for run in 1...runsMax {
            switch try await provider.answer(request, attempt: attempt) {
            case .image(let image):
                reports = clock.notes.withLock { $0 }
                return image
            case .later(let after, let state):
                pauses.append(Int(after.components.seconds))
                phases.append(state["phase"]?.string ?? "")
                self.state = state
                clock.time.withLock { $0 = $0 + after }
                // Every run of a host is a new attempt, with an id of its own: only the state knows the workflow.
                attempt = self.attempt("019a8e5c-4f2b-7c31-9f0e-00000000\(1000 + run)")
                attempt.state = state
            }
        }
        throw EndlessWorkflow()
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
            number: number,
            id: id,
            timeout: timeout,
            report: { [clock] fraction, note in clock.notes.withLock { $0.append("\(fraction) \(note)") } },
            pause: { (_) throws(CancellationError) in }
        )
    }

    struct EndlessWorkflow: Error {}
    struct NoError: Error {}
}
