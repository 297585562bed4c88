// When a key set is fetched again, and how long it is good. Pure.
internal import CivilTime

struct KeySetAge: Equatable, Sendable {
    /// A set is fetched again after this.
    static let lifetime = Duration.seconds(600)
    /// For so long the last set is good while none can be fetched.
    static let goodFor = Duration.seconds(86_400)
    /// A token that names an unknown key makes the set be fetched again, at most this often.
    static let askedEvery = Duration.seconds(30)
    /// What follows a failure: doubled each time, up to ``lifetime``.
    static let firstRetry = Duration.seconds(30)

    /// When the set that is used was fetched; nil: there is none.
    private(set) var fetched: Timestamp?
    private var failures = 0
    private var asked: Timestamp?

    init() {}

    mutating func succeeded(at moment: Timestamp) {
        fetched = moment
        failures = 0
    }

    mutating func failed() { failures = min(failures + 1, 16) }

    /// From now to the next fetch.
    func next(now: Timestamp) -> Duration {
        guard failures > 0 else {
            guard let fetched else { return .zero }
            return min(max(fetched + Self.lifetime - now, .zero), Self.lifetime)
        }
        return min(Self.firstRetry * (1 << (failures - 1)), Self.lifetime)
    }

    /// Whether an unknown key is reason enough to fetch now; takes the turn if so.
    mutating func mayAsk(at now: Timestamp) -> Bool {
        // A clock that was set back must not keep new keys away.
        if let asked, now >= asked, now - asked < Self.askedEvery { return false }
        asked = now
        return true
    }

    func isGood(at now: Timestamp) -> Bool { fetched.map { now - $0 < Self.goodFor } ?? false }
}
