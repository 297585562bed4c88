// How much of a function's time each tier has had lately.
internal import Callers
internal import CivilTime

/// The latest starts of one function, for estimates. Pure.
struct LatestStarts: Sendable {
    private var starts: [(tier: Tier, at: Timestamp)] = []
    /// Where the oldest one is, once all places are taken.
    private var oldest = 0
    private var counts = ByTier { _ in 0 }

    private static let startsMax = 256
    /// However busy better tiers are, the others go on.
    private static let shareMax = 0.9

    mutating func add(_ tier: Tier, _ moment: Timestamp) {
        counts[tier] += 1
        guard starts.count == Self.startsMax else { return starts.append((tier, moment)) }
        counts[starts[oldest].tier] -= 1
        starts[oldest] = (tier, moment)
        oldest = (oldest + 1) % Self.startsMax
    }

    /// The share of all places that better tiers than this one have had.
    /// - Parameter median: how long each start took its place.
    func share(above tier: Tier, _ median: Duration, _ places: Int, now: Timestamp) -> Double {
        guard starts.indices.contains(oldest), now > starts[oldest].at else { return 0 }
        let better = Tier.upwards.reduce(0) { $1 > tier ? $0 + counts[$1] : $0 }
        let taken = Double(better) * median.inSeconds / ((now - starts[oldest].at).inSeconds * Double(places))
        return min(taken, Self.shareMax)
    }
}
