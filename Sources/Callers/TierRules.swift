// What callers of a tier may have, and how soon.

/// The rules of one tier: how soon its work is meant to begin, and how much of it there may be.
package struct TierRules: Sendable, Equatable {
    /// What follows once a month's images are made.
    package enum Beyond: String, Sendable, CaseIterable {
        /// No further ones this month.
        case refuse
        /// Further ones go in the free tier's order.
        case slow
    }

    /// How soon after it was accepted work is meant to begin; the queue's order is by these moments.
    package var wait: Duration
    /// Images a day; 0: no cap.
    package var perDay: Int
    /// Images a month; 0: no cap.
    package var perMonth = 0
    package var beyond = Beyond.refuse
    /// The least time from one image to the next.
    package var cooldown = Duration.zero
    /// The tier's share of the places that become free while work of several tiers is late.
    package var weight: Int
    /// Of a function's places, how many are kept for this tier and better ones.
    package var slots = 0
    /// By how much work may be expected to begin later than meant before it is refused; nil: it never is.
    package var overflow: Duration?
    /// Models by the names of requests or of lanes, or providers; nil: any.
    package var models: [String]?
    /// The largest pictures that may be asked for, on either side; empty: any.
    package var sizes: [ImageSize] = []
    /// Whether pictures may show what is not safe for work.
    package var allowsNSFW = true

    /// What holds for a tier of which functions.json says nothing.
    package init(_ tier: Tier) {
        switch tier {
        case .free:
            (wait, perDay, weight) = (.seconds(300), 20, 1)
            (cooldown, overflow) = (.seconds(30), .seconds(60))
        case .premium: (wait, perDay, perMonth, weight) = (.seconds(120), 0, 5000, 2)
        case .pro:
            (wait, perDay, perMonth, weight) = (.seconds(30), 0, 5000, 4)
            beyond = .slow
        case .enterprise: (wait, perDay, weight) = (.seconds(8), 0, 8)
        }
    }
}

/// Width and height, `1024x768`.
package struct ImageSize: Sendable, Equatable, CustomStringConvertible {
    package let width: Int
    package let height: Int

    package init(width: Int, height: Int) { (self.width, self.height) = (width, height) }

    /// Nil when a text is no size from 1 to 16384 each.
    package init?(_ text: String) {
        let parts = text.split(separator: "x", omittingEmptySubsequences: false)
        guard parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1]),
            (1...Self.sideMax).contains(width), (1...Self.sideMax).contains(height), "\(width)x\(height)" == text
        else { return nil }
        self.init(width: width, height: height)
    }

    private static let sideMax = 16_384

    /// Whether it fits into another one, lying or standing.
    package func fits(_ other: ImageSize) -> Bool {
        width <= other.width && height <= other.height || width <= other.height && height <= other.width
    }

    package var description: String { "\(width)x\(height)" }
}

/// The rules of all tiers.
package struct TierTable: Sendable, Equatable {
    private var rules: [Tier: TierRules] = [:]

    package init() {}

    package subscript(tier: Tier) -> TierRules {
        get { rules[tier] ?? TierRules(tier) }
        set { rules[tier] = newValue }
    }
}
