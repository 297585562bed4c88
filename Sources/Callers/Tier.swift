// What a caller has paid for.

/// The tiers, least first.
package enum Tier: String, Sendable, CaseIterable, Comparable {
    case free, premium, pro, enterprise

    /// 0 for the least.
    package var rank: Int {
        switch self {
        case .free: 0
        case .premium: 1
        case .pro: 2
        case .enterprise: 3
        }
    }

    package static func < (left: Tier, right: Tier) -> Bool { left.rank < right.rank }
}
