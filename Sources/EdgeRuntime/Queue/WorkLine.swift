// One line of work: the tiers' entries and the place of each.
internal import Callers
internal import CivilTime

/// Work that waits for the same thing: a place of its function, or a lane. Pure.
struct WorkLine<ID: Hashable & Sendable>: Sendable {
    private struct Spot: Sendable {
        let tier: Tier
        let node: Int32
        let startBy: Timestamp
    }

    private var tiers = ByTier { _ in UserTurns<ID>() }
    private var spots: [ID: Spot] = [:]

    var count: Int { spots.count }
    func contains(_ id: ID) -> Bool { spots[id] != nil }
    func earliest(_ tier: Tier) -> Timestamp? { tiers[tier].earliest }
    func first(of tier: Tier) -> ID? { tiers[tier].first }
    func count(of tier: Tier) -> Int { tiers[tier].count }

    func standing(of id: ID) -> Standing? {
        guard let spot = spots[id], let user = tiers[spot.tier].user(of: spot.node) else { return nil }
        return Standing(tier: spot.tier, user: user, startBy: spot.startBy)
    }

    mutating func add(_ id: ID, _ standing: Standing) {
        remove(id)
        let node = tiers[standing.tier].add(id, user: standing.user, startBy: standing.startBy)
        spots[id] = Spot(tier: standing.tier, node: node, startBy: standing.startBy)
    }

    /// Nothing when it is not here.
    mutating func remove(_ id: ID) {
        guard let spot = spots.removeValue(forKey: id) else { return }
        tiers[spot.tier].remove(spot.node)
    }

    /// Removes one that goes on; its user has had the turn.
    mutating func take(_ id: ID) {
        guard let spot = spots.removeValue(forKey: id) else { return }
        tiers[spot.tier].take(spot.node)
    }

    /// What is expected to go before one, if nothing better comes.
    struct Ahead: Sendable {
        var all: Int
        /// Of its own tier.
        let own: Int
    }

    /// Nil when it is not here.
    func ahead(of id: ID, _ shares: TierShares, late: Tier?) -> Ahead? {
        guard let spot = spots[id] else { return nil }
        let own = tiers[spot.tier].ahead(of: spot.node)
        guard count > tiers[spot.tier].count else { return Ahead(all: own, own: own) }
        return Ahead(all: own + others(spot.tier, spot.startBy, own, shares, late), own: own)
    }

    /// What would go before one that came now.
    func ahead(ofNew standing: Standing, _ shares: TierShares, late: Tier?) -> Ahead {
        let own = tiers[standing.tier].ahead(ofNew: standing.user)
        guard count > tiers[standing.tier].count else { return Ahead(all: own, own: own) }
        return Ahead(all: own + others(standing.tier, standing.startBy, own, shares, late), own: own)
    }

    /// What goes before it of other tiers, as ``TierShares`` chooses now.
    private func others(_ tier: Tier, _ startBy: Timestamp, _ own: Int, _ shares: TierShares, _ late: Tier?) -> Int {
        var sum = 0
        for other in Tier.upwards where other != tier && tiers[other].count > 0 {
            if let late, tier >= late {
                guard other >= late else { continue }
                sum += min(tiers[other].count, shares.shared(with: other, of: tier, before: own))
            } else if let late, other >= late {
                sum += tiers[other].count
            } else {
                // Of two that are meant to begin at the same moment, the better tier's goes first.
                let moment = other > tier ? startBy + .milliseconds(1) : startBy
                sum += tiers[other].count(before: moment)
            }
        }
        return sum
    }
}
