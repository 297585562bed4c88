// How many of a function's places each tier may use.
internal import Callers

/// Places at once, less those that are kept for better tiers. Pure.
struct KeptPlaces: Sendable {
    let places: Int
    /// What a tier and all worse ones may use together.
    private let most: ByTier<Int>

    /// Whatever is kept, each tier has one place: nobody waits for ever.
    init(places: Int, _ rules: TierTable = TierTable()) {
        self.places = places
        most = ByTier { tier in
            let kept = Tier.upwards.filter { $0 > tier }.reduce(0) { $0 + rules[$1].slots }
            return max(1, places - kept)
        }
    }

    /// The most that can run of a tier at once.
    subscript(tier: Tier) -> Int { min(places, most[tier]) }

    func allows(_ tier: Tier, running: ByTier<Int>) -> Bool {
        var sum = 0
        for each in Tier.upwards {
            sum += running[each]
            if each >= tier, sum >= most[each] { return false }
        }
        return sum < places
    }
}
