// What a caller has paid for.

/// The tiers, least first.
package enum Tier: String, Sendable, CaseIterable {
    case free, premium, pro, enterprise
}
