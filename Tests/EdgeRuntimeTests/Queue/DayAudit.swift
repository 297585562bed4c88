// The books of a simulated day once more, kept by somebody who believes nobody.
import CivilTime
import Ledger

@testable import EdgeRuntime

/// Adds up what was held and what was charged, and compares it with the budgets and with the host's book after every step.
struct DayAudit {
    private struct Held {
        let payer: Payer
        var amount: Int64
        var provider: String?
        var providerAmount: Int64 = 0
    }

    private struct Period: Hashable {
        let subject: Subject
        let period: BudgetPeriod
        /// Of the zone; 0: in all.
        let number: Int
    }

    private let settings: LedgerSettings
    private(set) var rows: [ChargeRow] = []
    private var held: [String: Held] = [:]
    private var reserved: [Subject: Int64] = [:]
    private var spent: [Period: Int64] = [:]
    /// What the stopping amount of a day does not count.
    private var resumed: [Int: Int64] = [:]
    /// What has changed since the last look.
    private var touched: Set<Subject> = []
    /// The most that was spent and held of each budget, by name and subject.
    private(set) var highest: [String: Int64] = [:]

    init(_ settings: LedgerSettings) { self.settings = settings }

    // MARK: What happens

    mutating func holds(_ id: String, _ amount: Int64, _ payer: Payer) {
        let more = amount - (held[id]?.amount ?? 0)
        guard more > 0 else { return }
        held[id, default: Held(payer: payer, amount: 0)].amount = amount
        count(more, of: payer)
    }

    mutating func begins(_ id: String, _ lane: Lane, _ payer: Payer) {
        guard let price = lane.price, price > 0 else { return }
        holds(id, price, payer)
        held[id]?.provider = lane.provider
        held[id]?.providerAmount = price
        count(price, at: Subject(.provider, lane.provider))
    }

    mutating func unbinds(_ id: String) {
        guard let hold = held[id], let provider = hold.provider else { return }
        count(-hold.providerAmount, at: Subject(.provider, provider))
        held[id]?.provider = nil
    }

    mutating func releases(_ id: String) {
        unbinds(id)
        guard let hold = held.removeValue(forKey: id) else { return }
        count(-hold.amount, of: hold.payer)
    }

    mutating func settles(_ row: ChargeRow) {
        releases(row.generation)
        rows.append(row)
        for scope in BudgetScope.allCases {
            guard let name = row.payer.subject(of: scope, provider: row.provider) else { continue }
            let subject = Subject(scope, name)
            for period in [BudgetPeriod.day, .month, .total] {
                spent[self.period(subject, period, row.at), default: 0] += row.amount
            }
            touched.insert(subject)
        }
    }

    mutating func resumes(now: Timestamp) {
        resumed[settings.zone.day(of: now)] = spent(Subject(.all, ""), .day, now)
    }

    private mutating func count(_ amount: Int64, of payer: Payer) {
        for scope in BudgetScope.allCases where scope != .provider {
            if let name = payer.subject(of: scope, provider: nil) { count(amount, at: Subject(scope, name)) }
        }
    }

    private mutating func count(_ amount: Int64, at subject: Subject) {
        reserved[subject, default: 0] += amount
        touched.insert(subject)
    }

    private func period(_ subject: Subject, _ period: BudgetPeriod, _ moment: Timestamp) -> Period {
        let number =
            switch period {
            case .day: settings.zone.day(of: moment)
            case .month: settings.zone.month(of: moment)
            case .total: 0
            }
        return Period(subject: subject, period: period, number: number)
    }

    // MARK: What is known

    func held(_ id: String) -> Int64 { held[id]?.amount ?? 0 }

    func spent(_ subject: Subject, _ period: BudgetPeriod, _ now: Timestamp) -> Int64 {
        spent[self.period(subject, period, now)] ?? 0
    }

    var total: Int64 { rows.reduce(0) { $0 + $1.amount } }

    /// Sums of the charges by what `edge usage` groups by.
    func sums(by grouping: UsageGrouping) -> [String: Int64] {
        rows.reduce(into: [:]) { sums, row in
            let name =
                switch grouping {
                case .user: row.payer.user
                case .provider: row.provider
                case .day: settings.zone.dayText(of: row.at)
                case .function: row.payer.function
                case .tier: row.payer.tier
                case .key: row.payer.key ?? "-"
                }
            sums[name, default: 0] += row.amount
        }
    }

    // MARK: The look after each step

    /// The next look is at everything.
    mutating func touchesAll() { touched.formUnion(reserved.keys) }

    /// - Returns: budgets that were passed, and where the host's book says something else.
    mutating func check(_ book: LedgerBook, now: Timestamp) -> [String] {
        defer { touched = [] }
        var mistakes: [String] = []
        for subject in touched {
            let held = reserved[subject] ?? 0
            if book.reserved(of: subject) != held {
                mistakes.append("\(subject.scope) \(subject.name): \(book.reserved(of: subject)) reserved, not \(held)")
            }
            for budget in settings.all where budget.scope == subject.scope {
                guard budget.subject == nil || budget.subject == subject.name else { continue }
                let sum = spent(subject, budget.period, now) + held
                if sum > budget.limit {
                    mistakes.append("\(budget.name) of \(subject.name) was passed at \(now.iso8601): \(sum)")
                }
                let name = budget.scope == .all ? budget.name : "\(budget.name) \(subject.name)"
                highest[name] = max(highest[name] ?? 0, sum)
            }
            guard subject.scope == .all else { continue }
            let today = spent(subject, .day, now)
            if book.spentToday != today && book.sums.clock.nextDay > now {
                mistakes.append("\(book.spentToday) spent today, not \(today)")
            }
            let counted = today + held - (resumed[settings.zone.day(of: now)] ?? 0)
            if let stop = settings.marks.stop, counted > stop {
                mistakes.append("the stopping amount was passed at \(now.iso8601): \(counted)")
            }
        }
        return mistakes
    }
}
