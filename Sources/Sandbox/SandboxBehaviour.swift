// What the sandbox does with the next request: draw, or answer as a loading, limited or failing provider does.

/// Decides each answer of one sandbox. Has no clock: the time is an argument.
package struct SandboxBehaviour: Sendable, Equatable {
    package enum Move: Sendable, Equatable {
        case draw
        /// The model loads: ready in that time.
        case loading(Duration)
        /// The rate is used up: the next image may begin in that time.
        case limited(Duration)
        case fail
    }

    /// Left alone for this long, the model sleeps and has to load again.
    package static let sleepsAfter: Duration = .seconds(60)

    private let settings: SandboxSettings
    private var readyAt: Duration?
    private var lastUse: Duration?
    private var nextAllowed: Duration = .zero
    private var taken = 0

    package init(settings: SandboxSettings) { self.settings = settings }

    /// - Parameter now: the time since any fixed moment. It never goes back.
    package mutating func asked(at now: Duration) -> Move {
        if settings.load > .zero {
            let idle = lastUse.map { now - $0 } ?? .zero
            // While it loads it does not fall asleep, however long nobody asks.
            if readyAt == nil || (now >= (readyAt ?? .zero) && idle >= Self.sleepsAfter) {
                readyAt = now + settings.load
            }
            lastUse = now
            if let readyAt, now < readyAt { return .loading(readyAt - now) }
        }
        if settings.rate > .zero {
            guard now >= nextAllowed else { return .limited(nextAllowed - now) }
            nextAllowed = now + settings.rate
        }
        taken += 1
        return settings.failEvery > 0 && taken.isMultiple(of: settings.failEvery) ? .fail : .draw
    }

    /// An image that takes its time keeps the model awake until it is done.
    package mutating func finished(at now: Duration) { lastUse = now }
}
