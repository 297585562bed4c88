// Which tier has the next place.
internal import Callers
internal import CivilTime

/// The choice among tiers. Pure: time is an argument.
///
/// While all can begin in time, the work goes first that is meant to begin earliest. When a tier is late, or has more than can begin in
/// time, it and the better ones share the places by weight until that is over: so paid work does not wait behind free work that came
/// in too great a number, and free work still goes on.
struct TierShares: Sendable {
    private var weights: ByTier<Double>
    private var waits: ByTier<Duration>
    /// What each tier has had of shared places, in units of its weight.
    private var had = ByTier { _ in 0.0 }
    /// Where who has waited for nothing lately begins to count: time without work saves up no places.
    private var level = 0.0

    init(_ rules: TierTable = TierTable()) {
        weights = ByTier { Double(rules[$0].weight) }
        waits = ByTier { rules[$0].wait }
    }

    mutating func use(_ rules: TierTable) {
        weights = ByTier { Double(rules[$0].weight) }
        waits = ByTier { rules[$0].wait }
    }

    /// Whether a tier's work cannot all begin in time.
    /// - Parameters:
    ///   - earliest: by when the first of it is meant to begin.
    ///   - pace: how soon one place follows the other; nil: nobody knows.
    func isLate(_ tier: Tier, count: Int, earliest: Timestamp, pace: Duration?, now: Timestamp) -> Bool {
        earliest < now || pace.map { $0 * count > waits[tier] } ?? false
    }

    /// - Parameters:
    ///   - late: the least tier that is late; nil: none is.
    ///   - earliest: by when the first of a tier's work is meant to begin; nil: it has none, or may not have a place.
    func choose(late: Tier?, _ earliest: (Tier) -> Timestamp?) -> Tier? {
        var best: (tier: Tier, startBy: Timestamp)?
        var least: (tier: Tier, had: Double)?
        for tier in Tier.downwards {
            guard let startBy = earliest(tier) else { continue }
            if best.map({ startBy < $0.startBy }) ?? true { best = (tier, startBy) }
            guard let late, tier >= late else { continue }
            let had = max(had[tier], level)
            if least.map({ had < $0.had }) ?? true { least = (tier, had) }
        }
        return least?.tier ?? best?.tier
    }

    /// Counts a place that a tier had while one was late.
    mutating func took(_ tier: Tier) {
        level = max(had[tier], level)
        had[tier] = level + 1 / weights[tier]
    }

    /// About how many of `other` go before the one of `tier` that has `before` of its own tier before it, while both share places.
    func shared(with other: Tier, of tier: Tier, before: Int) -> Int {
        let rounds = Double(before) * weights[other] / weights[tier]
        return Int(rounds) + (other > tier ? 1 : 0)
    }
}
