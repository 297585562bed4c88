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

    var all: [Budget] { budgets + keyBudgets }
    var scopes: Set<BudgetScope> { LedgerBook.scopes(for: all) }
    var totals: Set<BudgetScope> { Set(all.lazy.filter { $0.period == .total }.map(\.scope)) }

    /// Whether sums that were read for these settings know enough for others.
    func knowsEnough(for other: LedgerSettings) -> Bool {
        zone == other.zone && scopes.isSuperset(of: other.scopes) && totals.isSuperset(of: other.totals)
    }

    /// Takes the budgets of keys, and puts keys' ids in the place of their names.
    mutating func use(_ keys: KeySet) {
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
        for index in budgets.indices where budgets[index].scope == .key {
            guard let name = budgets[index].subject, !name.hasPrefix("key:"), let place = keys.place(of: name) else {
                continue
            }
            budgets[index].subject = "key:\(keys.records[place].id)"
        }
    }
}
