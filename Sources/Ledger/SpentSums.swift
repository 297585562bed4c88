// What was spent, by subject: today, this month and in all.
package import CivilTime

/// What one subject has spent.
package struct Spent: Sendable, Equatable {
    package var day: Int64 = 0
    package var month: Int64 = 0
    package var total: Int64 = 0

    package init(day: Int64 = 0, month: Int64 = 0, total: Int64 = 0) {
        self.day = day
        self.month = month
        self.total = total
    }

    package subscript(_ period: BudgetPeriod) -> Int64 {
        switch period {
        case .day: day
        case .month: month
        case .total: total
        }
    }
}

/// The current day and month of a zone. They never go back: a clock that is set back does not make room.
package struct PeriodClock: Sendable {
    package let zone: TimeZone
    package private(set) var dayStart: Timestamp
    package private(set) var nextDay: Timestamp
    package private(set) var monthStart: Timestamp
    package private(set) var nextMonth: Timestamp

    package init(_ zone: TimeZone, now: Timestamp) {
        self.zone = zone
        dayStart = zone.dayStart(of: now)
        nextDay = zone.nextDay(after: now)
        monthStart = zone.monthStart(of: now)
        nextMonth = zone.nextMonth(after: now)
    }

    /// - Returns: what has begun anew.
    mutating func advance(to now: Timestamp) -> (day: Bool, month: Bool) {
        guard now >= nextDay else { return (false, false) }
        let hasNewMonth = now >= nextMonth
        self = PeriodClock(zone, now: now)
        return (true, hasNewMonth)
    }

    /// When a budget of this period is whole again; nil: never.
    package func renewal(of period: BudgetPeriod) -> Timestamp? {
        switch period {
        case .day: nextDay
        case .month: nextMonth
        case .total: nil
        }
    }
}

/// Sums of the scopes that somebody asks about. Pure: time is an argument.
package struct SpentSums: Sendable {
    package private(set) var clock: PeriodClock
    /// Which scopes are kept; charges of others are passed over.
    package let scopes: Set<BudgetScope>
    private var spent: [Subject: Spent]

    /// - Parameter spent: what is known of the current day and month, and in all.
    package init(clock: PeriodClock, scopes: Set<BudgetScope>, spent: [Subject: Spent] = [:]) {
        self.clock = clock
        self.scopes = scopes
        self.spent = spent
    }

    package subscript(_ subject: Subject) -> Spent { spent[subject] ?? Spent() }

    package mutating func advance(to now: Timestamp) {
        let isNew = clock.advance(to: now)
        guard isNew.day else { return }
        for key in spent.keys {
            spent[key]?.day = 0
            if isNew.month { spent[key]?.month = 0 }
        }
    }

    /// Counts a charge; one from before the current day or month counts in all only. While the clock shows a day before the one that is
    /// open, all charges are of the open one: else a clock that was set back would let them pass uncounted.
    package mutating func add(
        _ amount: Int64,
        of payer: Payer,
        provider: String?,
        at moment: Timestamp,
        now: Timestamp
    ) {
        let moment = now < clock.dayStart ? max(moment, clock.dayStart) : moment
        for scope in scopes {
            guard let name = payer.subject(of: scope, provider: provider) else { continue }
            let subject = Subject(scope, name)
            var sums = spent[subject] ?? Spent()
            if moment >= clock.dayStart { sums.day = sums.day.adding(amount) }
            if moment >= clock.monthStart { sums.month = sums.month.adding(amount) }
            sums.total = sums.total.adding(amount)
            spent[subject] = sums
        }
    }

    /// The subjects of a scope, those who have spent most in that period first.
    package func highest(of scope: BudgetScope, in period: BudgetPeriod, count: Int) -> [(name: String, spent: Int64)] {
        spent.filter { $0.key.scope == scope && $0.value[period] > 0 }
            .map { (name: $0.key.name, spent: $0.value[period]) }
            .sorted { ($1.spent, $0.name) < ($0.spent, $1.name) }
            .prefix(count).map { $0 }
    }
}
