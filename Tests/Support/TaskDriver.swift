// A caller of a provider as the host is one: comes back after each wait, with a new attempt and a clock moved by hand.
public import CivilTime
public import EdgeLoop
public import JSON
public import Providers
internal import Synchronization

/// Runs a provider that makes images as tasks, until there is one. A provider's tests add how theirs is made.
@LoopActor
open class TaskDriver {
    public nonisolated static let attemptID = "019a8e5c-4f2b-7c31-9f0e-2b1c5d8a7e64"

    public let provider: any Provider
    public private(set) var pauses: [Int] = []
    public private(set) var phases: [String] = []
    public private(set) var reports: [String] = []
    public private(set) var state: JSONValue?
    public var timeout: Duration = .seconds(60)
    /// Of the first run.
    public var attemptID = TaskDriver.attemptID
    /// Which try the host calls it.
    public var number = 1
    /// After so many runs nobody comes back: more than any task takes.
    public var runsMax = 400
    /// After so many runs time passes by minutes: who asks for ever has an end to it.
    public var runsBeforeHurry = Int.max
    private let clock: HandClock
    private let notes = Notes()

    private final class Notes: Sendable {
        let all = Mutex<[String]>([])
    }

    /// - Parameter clock: the provider's.
    public init(_ provider: any Provider, _ clock: HandClock) {
        self.provider = provider
        self.clock = clock
    }

    /// Runs until there is an image or an error.
    public func image(_ request: ImageRequest, isUnsure: Bool = false) async throws -> ImageResult {
        var attempt = attempt(attemptID)
        attempt.isUnsure = isUnsure
        for run in 1...runsMax {
            switch try await provider.answer(request, attempt: attempt) {
            case .image(let image):
                reports = notes.all.withLock { $0 }
                return image
            case .later(let after, let state):
                pauses.append(Int(after.components.seconds))
                phases.append(state["phase"]?.string ?? "")
                self.state = state
                clock.move(by: run < runsBeforeHurry ? after : .seconds(600))
                // Every run of a host is a new attempt, with an id of its own: only the state knows the task.
                attempt = self.attempt("019a8e5c-4f2b-7c31-9f0e-00000000\(1000 + run)")
                attempt.state = state
            }
        }
        throw EndlessTask()
    }

    /// The error that a request ends with.
    public func error(_ request: ImageRequest, isUnsure: Bool = false) async throws -> ProviderError {
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
            report: { [notes] fraction, note in notes.all.withLock { $0.append("\(fraction) \(note)") } },
            pause: { (_) throws(CancellationError) in }
        )
    }

    public struct EndlessTask: Error {}
    public struct NoError: Error {}
}

/// A clock that a test moves.
public final class HandClock: Sendable {
    private let time = Mutex(Timestamp(milliseconds: 1_700_000_000_000))

    public init() {}

    public var now: Timestamp { time.withLock { $0 } }

    public func move(by duration: Duration) { time.withLock { $0 = $0 + duration } }
}
