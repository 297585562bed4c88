// As whose work something waits, and since when.
internal import Callers
internal import CivilTime

/// Whose turn an entry of a queue takes: the end user that a key names, else the caller itself.
struct QueueUser: Hashable, Sendable {
    let caller: String
    let user: String?

    init(caller: String, user: String? = nil) {
        self.caller = caller
        self.user = user
    }

    init(_ caller: Caller) { self.init(caller: caller.id, user: caller.user) }
}

/// What the order of a queue goes by.
struct Standing: Equatable, Sendable {
    var tier: Tier
    var user: QueueUser
    /// When it is meant to begin: its arrival and its tier's wait target.
    var startBy: Timestamp
}

/// One value for each tier, found without a search.
struct ByTier<Value> {
    private var values: [Value]

    init(_ value: (Tier) -> Value) { values = Tier.allCases.map(value) }

    subscript(tier: Tier) -> Value {
        get { values[tier.rank] }
        set { values[tier.rank] = newValue }
        _modify { yield &values[tier.rank] }
    }
}

extension ByTier: Sendable where Value: Sendable {}

extension Tier {
    /// Least first, kept: the order is asked for at every step.
    static let upwards = Tier.allCases
    static let downwards = Array(Tier.allCases.reversed())
}
