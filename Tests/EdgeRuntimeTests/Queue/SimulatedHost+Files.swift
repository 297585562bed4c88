// The files of a simulated host: what they keep, and what a start after a crash makes of them.
import CivilTime
import JSON
import Ledger
import Limits
import TestSupport

@testable import EdgeRuntime

extension SimulatedHost {
    func savesCounts(now: Timestamp) {
        guard isUp else { return }
        limits.tidy(settings, now: now)
        saved = (accepted.count, limits.json)
    }

    func writes() throws {
        try store?.add(unwritten, through: nil)
        unwritten = []
    }

    /// All that is only in memory is gone: what runs, the order, charges on their way, counts since the file was written.
    func crashes() {
        isUp = false
        running = []
        order = WorkOrder(places: day.places, day.rules)
    }

    func starts(now: Timestamp) throws {
        isUp = true
        unwritten = []
        restoresCounts(now: now)
        guard day.money != nil else { return try adopts(now: now) }
        let before = book
        book = LedgerBook(sums: SpentSums(clock: PeriodClock(money.zone, now: now), scopes: LedgerBook.alwaysKept))
        book.isStopped = before.isStopped
        if let resumed = before.resumed {
            book.restoreResumed(day: resumed.day, spent: resumed.spent, times: resumed.times)
        }
        try readsSums(now: now)
        if let day = before.stoppedDay { book.restoreStopped(day: day, refused: before.leastRefused) }
        try adopts(now: now)
    }

    private func restoresCounts(now: Timestamp) {
        guard settings.isInForce else { return }
        var counted = LimitBook()
        if !counted.restore(saved.counts, zone: settings.zone, now: now) { mistakes.append("the counts are not read") }
        for work in accepted[saved.through...] {
            counted.countEarlier(by: work.caller, function: Self.function, settings, at: work.at, now: now)
        }
        limits.tidy(settings, now: now)
        counted.tidy(settings, now: now)
        if Self.told(counted, settings.zone, now) != Self.told(limits, settings.zone, now) {
            mistakes.append("a crash has changed the counts at \(now.iso8601)")
        }
        limits = counted
        savesCounts(now: now)
    }

    /// What counts still say: of a day or a month that is over, nothing.
    private static func told(_ book: LimitBook, _ zone: TimeZone, _ now: Timestamp) -> [String: [JSONValue]] {
        let (today, month) = (zone.day(of: now), zone.month(of: now))
        let images = book.json["images"]?.object?.members ?? []
        return images.reduce(into: [:]) { told, member in
            let values = member.value.array ?? []
            let ofDay = values[0].integer == Int64(today) ? values[1] : 0
            let ofMonth = values[2].integer == Int64(month) ? values[3] : 0
            told[member.key] = [ofDay, ofMonth, values[4]]
        }
    }

    /// The database gets what it has missed, and tells what was spent.
    func readsSums(now: Timestamp) throws {
        let store = try LedgerStore(state: folder.path)
        self.store = store
        try store.add(audit.rows.suffix(10 * Self.batch), through: nil)
        let clock = PeriodClock(money.zone, now: now)
        let spent = try store.sums(of: money.scopes, totals: money.totals, clock: clock)
        let sums = SpentSums(clock: clock, scopes: money.scopes, spent: spent)
        book.use(money.all, money.marks, sums: sums, now: now)
    }

    /// Takes up the jobs that have not ended, as their files tell: first what all of them hold, then one after the other.
    private func adopts(now: Timestamp) throws {
        var lost: [Int] = []
        for (id, job) in jobs.sorted(by: { $0.key < $1.key }) {
            book.restore(audit.held(name(id)), for: name(id), by: job.payer)
            guard job.isSent, let lane = job.lane else { continue }
            if lane.takesAttemptIDs {
                book.begin(name(id), on: lane, by: job.payer)  // its provider will be asked
            } else {
                unpaid(id)
                if let price = lane.price, price > 0 {
                    try charge(id, price, .perhaps, now: now)
                    lost.append(id)
                }
            }
        }
        for (id, job) in jobs.sorted(by: { $0.key < $1.key }) {
            if lost.contains(id), !reservesAgain(id, now: now) { continue }
            if !waits.contains(where: { $0.id == id }) { order.add(id, job.standing) }
        }
        audit.touchesAll()
    }

    /// Nothing more comes: the rest is written.
    func closes() throws {
        try writes()
        for id in jobs.keys.sorted() { mistakes.append("job \(id) has never ended") }
    }
}
