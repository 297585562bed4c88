// Whether there is money for a job: when it is accepted, and whenever a run of it is to begin.
internal import Callers
internal import CivilTime
internal import EdgeLoop
internal import Ledger
internal import SQLite

/// Why a lane may not be used.
enum LaneBar: Equatable {
    /// Its price is unknown, and this budget counts it.
    case unknown(Budget)
    /// There is no room for its price.
    case spent(BudgetRefusal)
    /// Paid work was stopped by hand.
    case stopped

    var reason: String {
        switch self {
        case .unknown(let budget): "its price is not known, and \(LedgerText.name(of: budget)) counts it"
        case .spent(let refusal): "there is no room for its price in \(LedgerText.name(of: refusal.budget))"
        case .stopped: "paid work is stopped (edge spend stop)"
        }
    }
}

/// The lanes of a set that money allows.
struct LanesWithMoney {
    var open: [Lane] = []
    var barred: [(lane: Lane, bar: LaneBar)] = []

    var passed: [LanePass] { barred.map { LanePass(lane: $0.lane.name, reason: $0.bar.reason) } }

    /// What is told when none is left: first what passes by itself.
    func problem(_ function: String) -> Problem {
        for barred in barred { if case .stopped = barred.bar { return .spendStopped } }
        for barred in barred { if case .spent(let refusal) = barred.bar { return .budget(refusal) } }
        for (lane, bar) in barred {
            if case .unknown(let budget) = bar { return .priceUnknown(lane, budget, function: function) }
        }
        return .spendStopped
    }

    /// Whether what bars them all is that paid work was stopped by hand.
    var isStopped: Bool { open.isEmpty && barred.contains { $0.bar == .stopped } }
}

extension LedgerDesk: JobGuard {
    /// Reserves the highest price among the lanes that there is money for.
    func admit(_ work: NewWork) throws(Problem) {
        let payer = Payer(function: work.function, caller: work.caller)
        let lanes = lanes(work.ticket.lanes, payer, id: work.id, now: work.now)
        guard !lanes.open.isEmpty else {
            raiseAlerts()
            throw lanes.problem(work.function)
        }
        let price = lanes.open.lazy.compactMap(\.price).max() ?? 0
        let mayCost = price > 0 || lanes.open.contains { $0.price == nil }
        if mayCost, let trouble = trouble ?? writeTrouble { throw .ledgerUnusable(trouble) }
        do {
            try book.reserve(price, for: work.id, by: payer, now: work.now)
        } catch {
            raiseAlerts()
            throw .budget(error)
        }
        raiseAlerts()
    }

    func takeBack(_ work: NewWork) { book.release(work.id) }

    private var writeTrouble: String? {
        guard let writer, writer.unwritten.count >= LedgerWriter.unwrittenMax else { return nil }
        return writer.failure?.description ?? "charges come faster than they can be written"
    }

    /// The lanes that the next run of this work may go to.
    func lanes(for generation: Generation, among set: LaneSet, now: Timestamp) -> LanesWithMoney {
        lanes(set, payer(of: generation), id: generation.id, now: now)
    }

    private func lanes(_ set: LaneSet, _ payer: Payer, id: String, now: Timestamp) -> LanesWithMoney {
        var lanes = LanesWithMoney()
        for lane in set.lanes {
            if let bar = bar(to: lane, payer, id: id, now: now) {
                lanes.barred.append((lane, bar))
            } else {
                lanes.open.append(lane)
            }
        }
        return lanes
    }

    private func bar(to lane: Lane, _ payer: Payer, id: String, now: Timestamp) -> LaneBar? {
        guard let price = lane.price else {
            if book.isStopped { return .stopped }
            return book.budgetAgainstUnknown(payer, provider: lane.provider).map { .unknown($0) }
        }
        guard price > 0 else { return nil }
        if book.isStopped { return .stopped }
        if let refusal = book.refusal(of: price, for: payer, provider: lane.provider, now: now) {
            return .spent(refusal)
        }
        let more = price - (book.holds[id]?.amount ?? 0)
        return book.refusal(of: more, for: payer, now: now).map { .spent($0) }
    }

    /// A run is about to be written down: its provider's budgets count its price from now on. In one turn of the loop with
    /// ``lanes(for:among:now:)``, so that there is room.
    func begins(_ generation: Generation, on lane: Lane) {
        guard let price = lane.price, price > 0 else { return }
        book.restore(price, for: generation.id, by: payer(of: generation))
        book.bind(generation.id, to: lane.provider, price)
        note(generation)
    }

    /// What the job held has been spent on an attempt that brought nothing: reserves for the next one.
    /// - Returns: how the job ends when there is no room; nil: it goes on.
    func reserveAgain(_ generation: Generation, now: Timestamp) -> JobFailure? {
        guard book.holds[generation.id] == nil else { return nil }
        let payer = payer(of: generation)
        let lanes = lanes(generation.ticket.lanes, payer, id: generation.id, now: now)
        guard !lanes.open.isEmpty || lanes.isStopped else {
            raiseAlerts()
            return JobFailure(lanes.problem(generation.function), before: "An attempt may have been paid. ")
        }
        let price = lanes.open.lazy.compactMap(\.price).max() ?? 0
        book.restore(price, for: generation.id, by: payer)
        note(generation)
        return nil
    }
}

extension JobFailure {
    /// A refusal that ends a job which had been accepted.
    init(_ problem: Problem, before: String = "") {
        self.init(
            status: problem.status,
            code: problem.code,
            message: before + problem.message,
            retryAfter: problem.retryAfter,
            details: problem.more
        )
    }
}
