// The book: what is reserved and what was spent, and whether there is room for more. Pure: time is an argument.
package import CivilTime

/// Decides about money. At any moment, what was spent of a budget in its period and what is reserved, whenever that was,
/// together stay inside its limit: so a reservation that is settled on another day fits that day's budget too.
package struct LedgerBook: Sendable {
    /// Money that a job holds.
    package struct Hold: Sendable, Equatable {
        package var payer: Payer
        package var amount: Int64
        /// Where the money will go, once that is chosen, and how much of it.
        package var provider: String?
        package var providerAmount: Int64 = 0
    }

    package private(set) var marks: SpendMarks
    /// Stopped by hand: nothing that costs money begins.
    package var isStopped = false
    private(set) var index: BudgetIndex
    package private(set) var sums: SpentSums
    package private(set) var holds: [String: Hold] = [:]
    private var reserved: [Subject: Int64] = [:]
    /// What the stopping amount does not count, since the owner said to go on: valid in the day that began then.
    package private(set) var resumed: (day: Timestamp, spent: Int64, times: Int)?
    private var raised: [SpendAlert.Kind: Timestamp] = [:]
    /// The least that the stopping amount has refused since it stopped last.
    package private(set) var leastRefused: Int64 = 0
    private var alerts: [SpendAlert] = []

    package init(budgets: [Budget] = [], marks: SpendMarks = SpendMarks(), sums: SpentSums) {
        self.marks = marks
        self.sums = sums
        index = BudgetIndex(budgets + (marks.budget.map { [$0] } ?? []))
    }

    /// The scopes of which sums are always kept.
    package static let alwaysKept: Set<BudgetScope> = [.all, .provider]

    /// The scopes of which sums are needed for these budgets.
    package static func scopes(for budgets: [Budget]) -> Set<BudgetScope> {
        budgets.reduce(into: alwaysKept) { $0.insert($1.scope) }
    }

    /// Goes over to other budgets. What is reserved stays, and what it counts is kept of all scopes.
    /// - Parameter sums: those that the budgets need; nil: the ones so far know enough.
    package mutating func use(_ budgets: [Budget], _ marks: SpendMarks, sums: SpentSums? = nil, now: Timestamp) {
        if let sums { self.sums = sums }
        // Another amount is another alert.
        if marks.warn != self.marks.warn { raised[.warn] = nil }
        if marks.stop != self.marks.stop { raised[.stop] = nil }
        self.marks = marks
        index = BudgetIndex(budgets + (marks.budget.map { [$0] } ?? []))
        advance(to: now)
        // What was passed before the host knew of it is no news.
        if let warn = marks.warn, sums != nil, spentToday >= warn { raised[.warn] = self.sums.clock.dayStart }
    }

    /// Of the owner's; without the stopping amount.
    package var budgets: [Budget] { index.all.filter { !$0.isStop } }
    /// Whether some budget counts by this scope for ever.
    package var totals: Set<BudgetScope> { index.totals }
    /// Whether what costs an unknown amount is refused to anybody.
    package var refusesUnknown: Bool { index.refusesUnknown }

    package mutating func advance(to now: Timestamp) { sums.advance(to: now) }

    // MARK: What is known

    package var spentToday: Int64 { sums[Subject(.all, "")].day }
    package var spentThisMonth: Int64 { sums[Subject(.all, "")].month }
    package var reservedInAll: Int64 { reserved[Subject(.all, "")] ?? 0 }
    package func reserved(of subject: Subject) -> Int64 { reserved[subject] ?? 0 }

    /// What counts against a budget for one subject.
    package func spent(_ budget: Budget, _ subject: Subject) -> Int64 {
        let spent = sums[subject][budget.period]
        guard budget.isStop, let resumed, resumed.day == sums.clock.dayStart else { return spent }
        return spent - resumed.spent
    }

    /// A budget of the owner's that counts this and wants prices to be known; nil: none does.
    package func budgetAgainstUnknown(_ payer: Payer, provider: String) -> Budget? {
        guard index.refusesUnknown else { return nil }
        var found: Budget?
        for place in [nil, provider] {
            index.visit(payer, provider: place) { budget, _ in
                if budget.refusesUnknown { found = budget }
                return found == nil
            }
        }
        return found
    }

    // MARK: Reserving

    /// Whether one more amount has room in everything that counts the payer (without a provider), or in the provider's budgets.
    package mutating func refusal(
        of amount: Int64,
        for payer: Payer,
        provider: String? = nil,
        now: Timestamp
    ) -> BudgetRefusal? {
        guard amount > 0 else { return nil }
        advance(to: now)
        var refusal: BudgetRefusal?
        index.visit(payer, provider: provider) { budget, subject in
            let spent = spent(budget, subject)
            let reserved = reserved[subject] ?? 0
            guard spent.adding(reserved).adding(amount) > budget.limit else { return true }
            let found = BudgetRefusal(
                budget: budget,
                subject: subject.name,
                spent: spent,
                reserved: reserved,
                asked: amount,
                renews: sums.clock.renewal(of: budget.period)
            )
            // Of several the one that lasts longest is worth telling.
            if refusal.map({ Self.lasts(found, longerThan: $0) }) ?? true { refusal = found }
            return true
        }
        return refusal
    }

    private static func lasts(_ one: BudgetRefusal, longerThan other: BudgetRefusal) -> Bool {
        guard let end = other.renews else { return false }
        return one.renews.map { $0 > end } ?? true
    }

    /// Reserves the highest price that a job's next run can have, or raises what it holds to that.
    /// - Throws: the budget that has no room; then nothing has changed.
    package mutating func reserve(
        _ amount: Int64,
        for id: String,
        by payer: Payer,
        now: Timestamp
    ) throws(BudgetRefusal) {
        let more = amount - (holds[id]?.amount ?? 0)
        guard more > 0 else { return }
        if let refusal = refusal(of: more, for: holds[id]?.payer ?? payer, now: now) {
            noteStop(refusal)
            throw refusal
        }
        hold(more, for: id, by: payer)
    }

    /// Takes up a reservation of before, which was granted then.
    package mutating func restore(_ amount: Int64, for id: String, by payer: Payer) {
        let more = amount - (holds[id]?.amount ?? 0)
        if more > 0 { hold(more, for: id, by: payer) }
    }

    private mutating func hold(_ more: Int64, for id: String, by payer: Payer) {
        var hold = holds[id] ?? Hold(payer: payer, amount: 0)
        hold.amount = hold.amount.adding(more)
        holds[id] = hold
        count(more, of: hold.payer)
    }

    private mutating func count(_ amount: Int64, of payer: Payer) {
        for scope in BudgetScope.allCases where scope != .provider {
            if let name = payer.subject(of: scope, provider: nil) { count(amount, at: Subject(scope, name)) }
        }
    }

    private mutating func count(_ amount: Int64, at subject: Subject) {
        let sum = (reserved[subject] ?? 0).adding(amount)
        reserved[subject] = sum > 0 ? sum : nil
    }

    /// The money of a job goes to this provider, if it is needed. The provider's budgets were asked before (``refusal(of:for:provider:now:)``).
    package mutating func bind(_ id: String, to provider: String, _ amount: Int64) {
        unbind(id)
        guard holds[id] != nil, amount > 0 else { return }
        holds[id]?.provider = provider
        holds[id]?.providerAmount = amount
        count(amount, at: Subject(.provider, provider))
    }

    /// The provider has not been paid, and will not be: the money may go elsewhere.
    package mutating func unbind(_ id: String) {
        guard let hold = holds[id], let provider = hold.provider else { return }
        count(-hold.providerAmount, at: Subject(.provider, provider))
        holds[id]?.provider = nil
        holds[id]?.providerAmount = 0
    }

    /// Gives back what a job holds; nothing when it holds nothing.
    package mutating func release(_ id: String) {
        unbind(id)
        guard let hold = holds.removeValue(forKey: id) else { return }
        count(-hold.amount, of: hold.payer)
    }

    // MARK: Settling

    /// Money was spent: it takes the place of what the job holds.
    /// - Returns: by how much it is more than what was reserved for it; 0: it is not.
    package mutating func settle(
        _ id: String,
        _ amount: Int64,
        by payer: Payer,
        provider: String?,
        at moment: Timestamp,
        now: Timestamp
    ) -> Int64 {
        advance(to: now)
        let held = holds[id]?.amount ?? 0
        release(id)
        sums.add(amount, of: payer, provider: provider, at: moment, now: now)
        if let warn = marks.warn, spentToday >= warn { raise(.warn, warn) }
        return max(0, amount - held)
    }

    // MARK: Stopping

    /// Paid work goes on. Where the stopping amount refuses work, what was spent today does not count for it any more; else nothing is
    /// allowed that was not allowed before, however often it is said.
    @discardableResult
    package mutating func resume(now: Timestamp) -> Resumption {
        advance(to: now)
        let wasByHand = isStopped
        isStopped = false
        guard hasStoppedToday else { return wasByHand ? .byHand : .nothing }
        resumed = (sums.clock.dayStart, spentToday, resumesToday + 1)
        raised[.stop] = nil
        return .amount
    }

    /// What the owner's word to go on has changed.
    package enum Resumption: String, Sendable {
        /// The day's amount counts from then on.
        case amount
        /// A stop by hand is over.
        case byHand
        /// Nothing was stopped.
        case nothing
    }

    /// Takes up what was resumed before the host started.
    package mutating func restoreResumed(day: Timestamp, spent: Int64, times: Int) { resumed = (day, spent, times) }

    private var resumesToday: Int { resumed.flatMap { $0.day == sums.clock.dayStart ? $0.times : nil } ?? 0 }

    /// Work was refused: where the day's amount is why, the host has stopped by itself. To be told when nothing else is left for that
    /// work: that a dear lane has no room is no stop while a cheap one goes on.
    package mutating func noteStop(_ refusal: BudgetRefusal) {
        guard refusal.budget.isStop else { return }
        leastRefused = hasStoppedToday ? min(leastRefused, refusal.asked) : refusal.asked
        raise(.stop, refusal.budget.limit)
    }

    /// Whether the stopping amount has refused something today, and still would.
    package var hasStoppedToday: Bool {
        guard raised[.stop] == sums.clock.dayStart, let budget = marks.budget else { return false }
        return spent(budget, Subject(.all, "")).adding(reservedInAll).adding(leastRefused) > budget.limit
    }

    /// The day in which the stopping amount refused something last.
    package var stoppedDay: Timestamp? { raised[.stop] }

    /// Takes up what the stopping amount had refused before the host started.
    package mutating func restoreStopped(day: Timestamp, refused: Int64) {
        raised[.stop] = day
        leastRefused = refused
    }

    private mutating func raise(_ kind: SpendAlert.Kind, _ amount: Int64) {
        guard raised[kind] != sums.clock.dayStart else { return }
        raised[kind] = sums.clock.dayStart
        alerts.append(alert(kind, amount))
    }

    private func alert(_ kind: SpendAlert.Kind, _ amount: Int64) -> SpendAlert {
        SpendAlert(
            kind: kind,
            amount: amount,
            spent: spentToday,
            reserved: reservedInAll,
            zone: sums.clock.zone,
            since: sums.clock.dayStart,
            until: sums.clock.nextDay,
            resumes: resumesToday
        )
    }

    /// The alerts that hold today, raised or not: whoever must not miss one looks here after a start.
    package func standingAlerts() -> [SpendAlert] {
        var standing: [SpendAlert] = []
        if let warn = marks.warn, spentToday >= warn { standing.append(alert(.warn, warn)) }
        if let stop = marks.stop, raised[.stop] == sums.clock.dayStart { standing.append(alert(.stop, stop)) }
        return standing
    }

    /// What was raised since this was asked last.
    package mutating func takeAlerts() -> [SpendAlert] {
        defer { alerts = [] }
        return alerts
    }
}
