// What the book says of lanes: which of them there is money for, and what a run on one takes.
internal import CivilTime
internal import Ledger

/// Why a lane may not be used.
enum LaneBar: Equatable {
    /// Its price is unknown, and this budget counts it.
    case unknown(Budget)
    /// There is no room for its price.
    case spent(BudgetRefusal)
    /// Paid work was stopped by hand.
    case stopped
    /// What was spent of this new budget is being read.
    case unread(Budget)

    /// Whether it ends by itself, or by a word of the operator's: worth waiting for.
    var isPassing: Bool {
        switch self {
        case .stopped, .unread: true
        case .unknown, .spent: false
        }
    }

    var reason: String {
        switch self {
        case .unknown(let budget): "its price is not known, and \(LedgerText.name(of: budget)) counts it"
        case .spent(let refusal): "there is no room for its price in \(LedgerText.name(of: refusal.budget))"
        case .stopped: "paid work is stopped (edge spend stop)"
        case .unread(let budget): "what was spent of \(LedgerText.name(of: budget)) is being read"
        }
    }
}

/// The lanes of a set that money allows.
struct LanesWithMoney {
    var open: [Lane] = []
    var barred: [(lane: Lane, bar: LaneBar)] = []

    /// What a run can cost at most, as far as that is known.
    var highestPrice: Int64 { open.lazy.compactMap(\.price).max() ?? 0 }
    /// Whether a run may cost anything.
    var mayCost: Bool { open.contains { $0.price != 0 } }

    /// The lanes that are barred, as an attempt tells of them.
    var passedOver: [LanePass] { barred.map { LanePass(lane: $0.lane.name, reason: $0.bar.reason) } }

    /// What is told when none is left: first what passes by itself.
    func problem(_ function: String) -> Problem {
        for barred in barred { if case .stopped = barred.bar { return .spendStopped } }
        for barred in barred { if case .unread(let budget) = barred.bar { return .unread(budget) } }
        for barred in barred { if case .spent(let refusal) = barred.bar { return .budget(refusal) } }
        for (lane, bar) in barred {
            if case .unknown(let budget) = bar { return .priceUnknown(lane, budget, function: function) }
        }
        return .spendStopped
    }

    /// The refusal of the day's amount that is why none is left, the lowest of several; nil: there is one left, or other reasons.
    var stop: BudgetRefusal? {
        guard open.isEmpty else { return nil }
        var stop: BudgetRefusal?
        for (_, bar) in barred {
            guard case .spent(let refusal) = bar, refusal.budget.isStop else { continue }
            if stop.map({ refusal.asked < $0.asked }) ?? true { stop = refusal }
        }
        return stop
    }

    /// What bars one of them for a while, and may be waited for; nil: nothing does.
    var passing: LaneBar? { barred.lazy.map(\.bar).first(where: \.isPassing) }

    /// Why none is left, in short; nil: one is.
    var bar: LaneBar? { open.isEmpty ? passing ?? barred.first?.bar : nil }

    /// Those of a set that are left, of which there is one; nil: all are.
    func left(of set: LaneSet) -> LaneSet? { barred.isEmpty ? nil : LaneSet(open, choice: set.choice) }
}

extension LedgerBook {
    /// The lanes that a job's next run may go to.
    /// - Parameter unread: budgets that are wanted, but not in the book yet.
    mutating func lanes(
        _ set: LaneSet,
        for id: String,
        by payer: Payer,
        unread: BudgetIndex = BudgetIndex(),
        now: Timestamp
    ) -> LanesWithMoney {
        var lanes = LanesWithMoney()
        for lane in set.lanes {
            if let bar = bar(to: lane, for: id, by: payer, unread, now: now) {
                lanes.barred.append((lane, bar))
            } else {
                lanes.open.append(lane)
            }
        }
        return lanes
    }

    /// Work ends or is not begun, since no lane is left for it.
    mutating func refuse(_ lanes: LanesWithMoney) { if let stop = lanes.stop { noteStop(stop) } }

    private mutating func bar(
        to lane: Lane,
        for id: String,
        by payer: Payer,
        _ unread: BudgetIndex,
        now: Timestamp
    ) -> LaneBar? {
        guard let price = lane.price else {
            if isStopped { return .stopped }
            if let budget = budgetAgainstUnknown(payer, provider: lane.provider) { return .unknown(budget) }
            return unread.first(for: payer, at: [lane.provider]).map { .unread($0) }
        }
        guard price > 0 else { return nil }
        if isStopped { return .stopped }
        if let refusal = refusal(of: price, for: payer, provider: lane.provider, now: now) { return .spent(refusal) }
        let more = price - (holds[id]?.amount ?? 0)
        if let refusal = refusal(of: more, for: payer, now: now) { return .spent(refusal) }
        // What is reserved was granted, and stays so under a new budget; a provider's is asked when a run begins.
        return unread.first(for: payer, at: [lane.provider], asksAll: more > 0).map { .unread($0) }
    }

    /// A run is about to be written down: its provider's budgets count its price from now on. In one turn of the loop with
    /// ``lanes(_:for:by:now:)``, so that there is room.
    mutating func begin(_ id: String, on lane: Lane, by payer: Payer) {
        guard let price = lane.price, price > 0 else { return }
        restore(price, for: id, by: payer)
        bind(id, to: lane.provider, price)
    }

    /// What the job held has been spent on an attempt that brought nothing: reserves for the next one.
    /// - Returns: the lanes, where there is money for none of them; nil: it goes on.
    mutating func reserveAgain(
        _ set: LaneSet,
        for id: String,
        by payer: Payer,
        unread: BudgetIndex = BudgetIndex(),
        now: Timestamp
    ) -> LanesWithMoney? {
        guard holds[id] == nil else { return nil }
        let lanes = lanes(set, for: id, by: payer, unread: unread, now: now)
        guard !lanes.open.isEmpty || lanes.passing != nil else {
            refuse(lanes)
            return lanes
        }
        restore(lanes.highestPrice, for: id, by: payer)
        return nil
    }

    /// A charge takes the place of what its job holds.
    /// - Returns: by how much it is more than what was reserved for it; 0: it is not.
    mutating func settle(_ row: ChargeRow, now: Timestamp) -> Int64 {
        settle(row.generation, row.amount, by: row.payer, provider: row.provider, at: row.at, now: now)
    }
}
