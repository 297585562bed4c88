// What an owner allows to be spent: by whom, on what, in which time.
package import CivilTime

/// Whose spending a budget counts.
package enum BudgetScope: String, Sendable, CaseIterable {
    case all, function, provider, tier, key, user, group
}

/// How long a budget lasts before it is whole again.
package enum BudgetPeriod: String, Sendable, CaseIterable {
    case day, month, total
}

/// One limit. Money is in micro-dollars throughout.
package struct Budget: Sendable, Hashable {
    /// What refusals call it.
    package var name: String
    package var scope: BudgetScope
    /// The one that it counts; nil: each has this much for itself.
    package var subject: String?
    package var period: BudgetPeriod
    package var limit: Int64
    /// Whether what it counts must have a known price.
    package var refusesUnknown: Bool
    /// Whether it is the amount at which the host stops by itself.
    package var isStop: Bool

    package init(
        name: String,
        scope: BudgetScope,
        subject: String? = nil,
        period: BudgetPeriod,
        limit: Int64,
        refusesUnknown: Bool = true,
        isStop: Bool = false
    ) {
        self.name = name
        self.scope = scope
        self.subject = subject
        self.period = period
        self.limit = limit
        self.refusesUnknown = refusesUnknown
        self.isStop = isStop
    }
}

/// Whom and what a charge counts for, but for the provider.
package struct Payer: Sendable, Hashable {
    package var function: String
    package var tier: String
    /// `key:...`; nil: no key was shown.
    package var key: String?
    /// An end user that a key has named, as `key:.../name`, else the caller itself.
    package var user: String
    /// As a key has named it: `key:.../name`.
    package var group: String?

    package init(function: String, tier: String, key: String? = nil, user: String, group: String? = nil) {
        self.function = function
        self.tier = tier
        self.key = key
        self.user = user
        self.group = group
    }

    /// Who of a scope it is; nil: none, and then the scope's budgets do not count it.
    package func subject(of scope: BudgetScope, provider: String?) -> String? {
        switch scope {
        case .all: ""
        case .function: function
        case .provider: provider
        case .tier: tier
        case .key: key
        case .user: user
        case .group: group
        }
    }
}

/// One that a budget may count: a function, a key, a user.
package struct Subject: Sendable, Hashable {
    package let scope: BudgetScope
    package let name: String

    package init(_ scope: BudgetScope, _ name: String) {
        self.scope = scope
        self.name = name
    }
}

/// Why money is not reserved.
package struct BudgetRefusal: Error, Sendable, Equatable {
    package let budget: Budget
    /// Whom it counts here; empty where it counts all.
    package let subject: String
    package let spent: Int64
    package let reserved: Int64
    package let asked: Int64
    /// When the budget is whole again; nil: never.
    package let renews: Timestamp?
}

/// Sums that cannot wrap round: a price is whatever a function says.
extension Int64 {
    func adding(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other > 0 ? .max : .min) : sum
    }
}
