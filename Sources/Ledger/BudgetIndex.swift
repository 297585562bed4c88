// Which budgets count a charge, found without looking at all of them.

/// Budgets by what they count. Thousands of keys may have one each.
package struct BudgetIndex: Sendable {
    private(set) var all: [Budget] = []
    private var each: [BudgetScope: [Budget]] = [:]
    private var named: [Subject: [Budget]] = [:]
    /// Scopes that some budget counts by.
    private(set) var scopes: Set<BudgetScope> = []
    /// Scopes of which somebody counts without an end.
    private(set) var totals: Set<BudgetScope> = []
    private(set) var refusesUnknown = false

    package init(_ budgets: [Budget] = []) {
        all = budgets
        for budget in budgets {
            if let subject = budget.subject {
                named[Subject(budget.scope, subject), default: []].append(budget)
            } else {
                each[budget.scope, default: []].append(budget)
            }
            scopes.insert(budget.scope)
            if budget.period == .total { totals.insert(budget.scope) }
            if budget.refusesUnknown { refusesUnknown = true }
        }
    }

    /// A budget that counts a payer's spending at any of these providers; nil: none does.
    /// - Parameter asksAll: false: the budgets of providers alone.
    package func first(for payer: Payer, at providers: [String], asksAll: Bool = true) -> Budget? {
        guard !all.isEmpty else { return nil }
        var found: Budget?
        for provider in (asksAll ? [nil] : []) + providers.map(Optional.some) where found == nil {
            visit(payer, provider: provider) { budget, _ in
                found = budget
                return false
            }
        }
        return found
    }

    /// Hands over each budget that counts for a payer, with whom it counts, until `body` says that it has enough.
    /// - Parameter provider: with one, the budgets of providers are asked and no others.
    func visit(_ payer: Payer, provider: String? = nil, _ body: (Budget, Subject) -> Bool) {
        for scope in scopes where (scope == .provider) == (provider != nil) {
            guard let name = payer.subject(of: scope, provider: provider) else { continue }
            let subject = Subject(scope, name)
            for budget in each[scope] ?? [] where !body(budget, subject) { return }
            for budget in named[subject] ?? [] where !body(budget, subject) { return }
        }
    }
}
