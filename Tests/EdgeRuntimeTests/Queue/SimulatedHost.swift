// The host of a simulated day: the values that a host decides with, and what its files would tell after a crash.
import Callers
import CivilTime
import JSON
import Ledger
import Limits
import TestSupport

@testable import EdgeRuntime

/// Does with a request what the host does: counts it, asks for room and money, orders it, runs it, settles it.
final class SimulatedHost {
    struct Job {
        let payer: Payer
        let standing: Standing
        var attempt = 0
        var runs = 0
        var lane: Lane?
        /// Whether its provider may work on it.
        var isSent = false
    }

    static let function = "generate"
    /// How long a job waits after a run that made nothing.
    private static let pause = Duration.seconds(5)
    private static let moneyLine = "money"
    /// Charges that the database gets at once; fewer are lost in a crash, and only job files tell of them.
    static let batch = 40

    let day: SimulatedDay
    let requests: [SimulatedDay.Request]
    private(set) var fates: [SimulatedDay.Fate]
    var isUp = true
    var jobs: [Int: Job] = [:]
    /// When each run ends.
    var running: [(at: Timestamp, id: Int)] = []
    /// When jobs go on after a run that made nothing.
    var waits: [(at: Timestamp, id: Int)] = []

    var order: WorkOrder<Int>
    private var pumped = DayTraffic.midnight

    let settings: LimitSettings
    var limits = LimitBook()
    /// What was accepted, in its order; how many of them the file of counts has, and that file.
    var accepted: [(caller: Caller, at: Timestamp)] = []
    var saved: (through: Int, counts: JSONObject) = (0, LimitBook().json)

    let money: LedgerSettings
    var book: LedgerBook
    let folder = TemporaryFolder()
    var store: LedgerStore?
    var unwritten: [ChargeRow] = []
    var audit: DayAudit
    private(set) var alerts: [SpendAlert] = []
    /// What went wrong, if anything did.
    var mistakes: [String] = []

    init(_ day: SimulatedDay, _ requests: [SimulatedDay.Request]) throws {
        self.day = day
        self.requests = requests
        fates = requests.map { SimulatedDay.Fate(caller: $0.caller, at: $0.at, tier: $0.caller.tier) }
        order = WorkOrder(places: day.places, day.rules)
        var settings = day.limits ?? LimitSettings()
        settings.tiers = day.limits == nil ? nil : day.rules
        self.settings = settings
        money = day.money ?? LedgerSettings()
        audit = DayAudit(money)
        book = LedgerBook(
            sums: SpentSums(
                clock: PeriodClock(money.zone, now: DayTraffic.midnight),
                scopes: LedgerBook.alwaysKept
            )
        )
        if day.money != nil { try readsSums(now: DayTraffic.midnight) }
    }

    // MARK: Requests

    func arrives(_ id: Int, now: Timestamp) {
        guard isUp else { return refuse(id, .away, after: day.away) }
        guard let tier = counts(id, now: now) else { return }
        fates[id].tier = tier
        let caller = requests[id].caller
        let standing = Standing(tier: tier, user: QueueUser(caller), startBy: now + day.rules[tier].wait)
        let estimate = order.estimate(ofNew: id, standing, now: now) { _, _ in nil }.moment
        fates[id].estimate = estimate
        if let late = day.rules[tier].excess(of: estimate, arrived: now) {
            refuse(id, .busy, after: late)
            return takeBack(id, now: now)
        }
        let payer = Payer(function: Self.function, caller: caller)
        guard reserves(id, payer, now: now) else { return takeBack(id, now: now) }
        accepted.append((caller, now))
        jobs[id] = Job(payer: payer, standing: standing)
        if order.takePlace(id, standing, now: now, gate: { id, _ in gate(id, now: now) }) {
            begins(id, now: now)
        } else {
            order.add(id, standing)
        }
    }

    /// - Returns: in whose order it goes; nil: a limit has refused it.
    private func counts(_ id: Int, now: Timestamp) -> Tier? {
        let caller = requests[id].caller
        guard settings.isInForce else { return caller.tier }
        do throws(LimitRefusal) {
            let rules = settings.limits(of: caller, function: Self.function)
            try limits.takeRequest(rules, settings, now: now)
            let tier = limits.tier(of: caller, function: Self.function, settings, now: now)
            let isCounted = try limits.takeImage(by: caller, function: Self.function, settings, now: now)
            if !isCounted { mistakes.append("no room to count \(caller.id)") }
            return tier
        } catch {
            refuse(id, .limit(error.gauge.kind), after: error.gauge.wait)
            return nil
        }
    }

    /// - Returns: whether there is money for it.
    private func reserves(_ id: Int, _ payer: Payer, now: Timestamp) -> Bool {
        let lanes = book.lanes(requests[id].lanes, for: name(id), by: payer, now: now)
        guard !lanes.open.isEmpty else {
            book.refuse(lanes)
            refuse(id, .money(budget(of: lanes)), after: .seconds(60))
            return false
        }
        do throws(BudgetRefusal) {
            try book.reserve(lanes.highestPrice, for: name(id), by: payer, now: now)
        } catch {
            refuse(id, .money(error.budget.name), after: .seconds(60))
            return false
        }
        audit.holds(name(id), lanes.highestPrice, payer)
        return true
    }

    private func refuse(_ id: Int, _ refusal: SimulatedDay.Refusal, after pause: Duration) {
        fates[id].refusal = refusal
        fates[id].refused = pause
    }

    private func takeBack(_ id: Int, now: Timestamp) {
        guard settings.isInForce else { return }
        limits.takeBackImage(by: requests[id].caller, function: Self.function, settings, at: now)
    }

    private func budget(of lanes: LanesWithMoney) -> String? {
        for barred in lanes.barred { if case .spent(let refusal) = barred.bar { return refusal.budget.name } }
        return nil
    }

    func cancels(_ id: Int, now: Timestamp) throws {
        guard isUp, let job = jobs[id] else { return }
        order.remove(id)
        if running.contains(where: { $0.id == id }) { order.ended(id, now: now) }
        // Nobody knows whether its provider has done it all the same.
        if job.isSent, let price = job.lane?.price, price > 0 { try charge(id, price, .perhaps, now: now) }
        end(id, .canceled)
    }

    func name(_ id: Int) -> String { "g\(id)" }

    // MARK: Runs

    /// When something ends or is due; nil: nothing will be.
    var nextDue: Timestamp? {
        guard isUp else { return nil }
        var due = order.looksAgain(after: pumped)
        for (at, _) in running { due = min(due ?? at, at) }
        for (at, _) in waits { due = min(due ?? at, at) }
        return due
    }

    func goOn(now: Timestamp) throws {
        while let index = running.firstIndex(where: { $0.at <= now }) {
            try runEnds(running.remove(at: index).id, now: now)
        }
        while let index = waits.firstIndex(where: { $0.at <= now }) {
            let id = waits.remove(at: index).id
            if let job = jobs[id] { order.add(id, job.standing) }
        }
    }

    func pump(now: Timestamp) throws {
        if isUp {
            pumped = now
            while let id = order.next(now: now, gate: { id, _ in gate(id, now: now) }) { begins(id, now: now) }
        }
        alerts += book.takeAlerts()
        mistakes += audit.check(book, now: now)
    }

    private func gate(_ id: Int, now: Timestamp) -> LaneBlock? {
        guard let job = jobs[id], !job.isSent else { return nil }
        let lanes = book.lanes(requests[id].lanes, for: name(id), by: job.payer, now: now)
        if lanes.open.isEmpty, lanes.passing != nil {
            return LaneBlock(line: Self.moneyLine, until: now + .seconds(30), expected: nil, reason: "stopped")
        }
        book.refuse(lanes)
        jobs[id]?.lane = lanes.open.first
        return nil
    }

    private func begins(_ id: Int, now: Timestamp) {
        guard var job = jobs[id] else { return }
        guard let lane = job.lane else {
            // Its money is gone to others since it was accepted: it ends at once.
            order.ended(id, now: now, tells: false)
            return end(id, .noMoney)
        }
        fates[id].began = fates[id].began ?? now
        if !job.isSent {
            job.attempt += 1
            job.isSent = true
            book.begin(name(id), on: lane, by: job.payer)
            audit.begins(name(id), lane, job.payer)
        }
        jobs[id] = job
        running.append((now + requests[id].takes, id))
    }

    private func runEnds(_ id: Int, now: Timestamp) throws {
        order.ended(id, now: now)
        guard let job = jobs[id], let price = job.lane?.price else { return }
        let endings = requests[id].endings
        jobs[id]?.runs += 1
        let isLast = job.runs + 1 == endings.count
        func cost(_ thousandths: Int?) -> Int64 { thousandths.map { price * Int64($0) / 1000 } ?? price }
        switch endings[job.runs] {
        case .made(let thousandths):
            try charge(id, cost(thousandths), thousandths == nil ? .listed : .told, now: now)
            return end(id, .made)
        case .failed:
            unpaid(id)
        case .lost(let thousandths):
            unpaid(id)
            if cost(thousandths) > 0 {
                try charge(id, cost(thousandths), thousandths == nil ? .perhaps : .told, now: now)
                if !isLast, !reservesAgain(id, now: now) { return }
            }
        }
        if isLast { return end(id, .failed) }
        waits.append((now + Self.pause, id))
    }

    func unpaid(_ id: Int) {
        jobs[id]?.isSent = false
        book.unbind(name(id))
        audit.unbinds(name(id))
    }

    func charge(_ id: Int, _ amount: Int64, _ kind: ChargeRow.Kind, now: Timestamp) throws {
        guard let job = jobs[id], let lane = job.lane else { return }
        jobs[id]?.isSent = false
        let row = ChargeRow(
            generation: name(id),
            attempt: job.attempt,
            at: now,
            payer: job.payer,
            lane: lane.name,
            provider: lane.provider,
            model: nil,
            amount: amount,
            kind: kind
        )
        let over = book.settle(row, now: now)
        if over > 0 { mistakes.append("\(row.id) cost \(over) more than it held") }
        audit.settles(row)
        fates[id].spent += amount
        unwritten.append(row)
        if unwritten.count >= Self.batch { try writes() }
    }

    /// - Returns: whether there is money for the next run; else the job has ended.
    func reservesAgain(_ id: Int, now: Timestamp) -> Bool {
        guard let job = jobs[id] else { return false }
        guard book.reserveAgain(requests[id].lanes, for: name(id), by: job.payer, now: now) == nil else {
            end(id, .noMoney)
            return false
        }
        audit.holds(name(id), book.holds[name(id)]?.amount ?? 0, job.payer)
        return true
    }

    private func end(_ id: Int, _ end: SimulatedDay.End) {
        running.removeAll { $0.id == id }
        waits.removeAll { $0.id == id }
        book.release(name(id))
        audit.releases(name(id))
        fates[id].end = end
        jobs[id] = nil
    }

    // MARK: The operator

    func stopsPaidWork() { book.isStopped = true }

    func resumesPaidWork(now: Timestamp) {
        if book.hasStoppedToday { audit.resumes(now: now) }
        book.resume(now: now)
        _ = order.freed(Self.moneyLine)
    }
}
