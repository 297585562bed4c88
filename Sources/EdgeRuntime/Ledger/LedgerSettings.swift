// What the settings and the keys say about money.
internal import Callers
internal import CivilTime
internal import Ledger

/// Everything that the book goes by.
struct LedgerSettings: Sendable, Equatable {
    /// Of functions.json.
    var budgets: [Budget] = []
    /// Of keys.json.
    var keyBudgets: [Budget] = []
    var marks = SpendMarks()
    var zone = TimeZone.utc
    /// The zone's name; nil: UTC.
    var zoneName: String?
    /// What lists call keys, and users and groups that keys name.
    var names = KeyNames()

    var all: [Budget] { budgets + keyBudgets }
    /// Everything that refuses.
    var limits: [Budget] { all + (marks.budget.map { [$0] } ?? []) }
    var scopes: Set<BudgetScope> { LedgerBook.scopes(for: all) }
    var totals: Set<BudgetScope> { Set(all.lazy.filter { $0.period == .total }.map(\.scope)) }

    /// Whether sums that were read for these settings know enough for others.
    func knowsEnough(for other: LedgerSettings) -> Bool {
        zone == other.zone && scopes.isSuperset(of: other.scopes) && totals.isSuperset(of: other.totals)
    }

    /// Takes the budgets of keys, and puts keys' ids in the place of their names.
    /// - Returns: the budgets that count nobody, since there is no such key.
    mutating func use(_ keys: KeySet) -> [String] {
        names = KeyNames(keys)
        var lost: [String] = []
        keyBudgets = keys.records.compactMap { record in
            guard let budget = record.budget, record.revoked == nil else { return nil }
            return Budget(
                name: "of the key \(record.name)",
                scope: .key,
                subject: "key:\(record.id)",
                period: BudgetPeriod(rawValue: budget.period.rawValue) ?? .total,
                limit: budget.limit
            )
        }
        for index in budgets.indices {
            guard let subject = budgets[index].subject else { continue }
            switch budgets[index].scope {
            case .key, .user, .group:
                if let id = names.id(of: subject, budgets[index].scope) {
                    budgets[index].subject = id
                } else {
                    lost.append("\"\(budgets[index].name)\" (\(subject))")
                }
            case .all, .function, .provider, .tier: continue
            }
        }
        return lost
    }
}
