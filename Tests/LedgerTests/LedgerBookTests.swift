import CivilTime
import Testing

@testable import Ledger

struct LedgerBookTests {
    private static let morning = Timestamp(iso8601: "2026-11-21T08:00:00Z") ?? .now()
    private let alice = Payer(function: "generate", tier: "pro", key: "key:a", user: "alice", group: "g")
    private let bob = Payer(function: "generate", tier: "free", user: "bob")

    private func book(
        _ budgets: [Budget] = [],
        marks: SpendMarks = SpendMarks(warn: nil, stop: nil),
        zone: TimeZone = .utc,
        now: Timestamp = Self.morning
    ) -> LedgerBook {
        LedgerBook(
            budgets: budgets,
            marks: marks,
            sums: SpentSums(
                clock: PeriodClock(zone, now: now),
                scopes: Set(BudgetScope.allCases)
            )
        )
    }

    /// Asks for money as work does, and gives it back where there is some.
    private func refusal(of amount: Int64, in book: inout LedgerBook, now: Timestamp) -> BudgetRefusal? {
        do {
            try book.reserve(amount, for: "asked", by: alice, now: now)
            book.release("asked")
            return nil
        } catch {
            return error
        }
    }

    private func daily(_ limit: Int64, _ scope: BudgetScope = .all, _ subject: String? = nil) -> Budget {
        Budget(name: "daily", scope: scope, subject: subject, period: .day, limit: limit)
    }

    @Test func `64 that ask at once for the money of one buy one`() throws {
        var book = book([daily(100)])
        var granted = 0

        for number in 0..<64 where (try? book.reserve(100, for: "\(number)", by: alice, now: Self.morning)) != nil {
            granted += 1
        }

        #expect(granted == 1)
        #expect(book.reservedInAll == 100)
    }

    @Test func `a refusal says which budget, what is in it and when it is whole again`() throws {
        var book = book([daily(100), Budget(name: "month", scope: .key, period: .month, limit: 90)])
        _ = book.settle("x", 40, by: alice, provider: "p", at: Self.morning, now: Self.morning)
        try book.reserve(30, for: "y", by: alice, now: Self.morning)

        let refusal = #expect(throws: BudgetRefusal.self) {
            try book.reserve(31, for: "z", by: alice, now: Self.morning)
        }

        // Both have no room; the one that lasts longer is told.
        #expect(refusal?.budget.name == "month")
        #expect(refusal?.subject == "key:a")
        #expect(refusal?.spent == 40)
        #expect(refusal?.reserved == 30)
        #expect(refusal?.renews == Timestamp(iso8601: "2026-12-01T00:00:00Z"))
        #expect(book.holds["z"] == nil)
        // Who has no key is not counted by keys' budgets.
        try book.reserve(30, for: "z", by: bob, now: Self.morning)
    }

    @Test func `settling takes the place of what was reserved, and releasing gives it back`() throws {
        var book = book([daily(100)])
        try book.reserve(60, for: "a", by: alice, now: Self.morning)
        try book.reserve(40, for: "b", by: bob, now: Self.morning)

        #expect(book.settle("a", 10, by: alice, provider: "p", at: Self.morning, now: Self.morning) == 0)
        book.release("b")
        book.release("b")

        #expect(book.reservedInAll == 0)
        #expect(book.spentToday == 10)
        #expect(book.refusal(of: 90, for: bob, now: Self.morning) == nil)
        #expect(book.refusal(of: 91, for: bob, now: Self.morning) != nil)
    }

    @Test func `a cost above the reservation counts in full, and says by how much`() throws {
        var book = book([daily(100)])
        try book.reserve(60, for: "a", by: alice, now: Self.morning)

        #expect(book.settle("a", 130, by: alice, provider: "p", at: Self.morning, now: Self.morning) == 70)
        #expect(book.spentToday == 130)
        #expect(book.refusal(of: 1, for: bob, now: Self.morning) != nil)
        #expect(book.refusal(of: 0, for: bob, now: Self.morning) == nil)
    }

    @Test func `what yesterday reserved and today settles is inside today's limit`() throws {
        var book = book([daily(100)])
        try book.reserve(100, for: "late", by: alice, now: Self.morning)
        let tomorrow = Self.morning + .seconds(86_400)

        #expect(book.refusal(of: 1, for: alice, now: tomorrow)?.reserved == 100)
        _ = book.settle("late", 70, by: alice, provider: "p", at: tomorrow, now: tomorrow)

        #expect(book.spentToday == 70)
        #expect(book.refusal(of: 30, for: alice, now: tomorrow) == nil)
        #expect(book.refusal(of: 31, for: alice, now: tomorrow) != nil)
    }

    @Test func `days and months end at midnight of the zone, and a clock that is set back makes no room`() throws {
        var book = book([daily(100), Budget(name: "m", scope: .all, period: .month, limit: 150)])
        _ = book.settle("a", 100, by: alice, provider: "p", at: Self.morning, now: Self.morning)
        let nextDay = Self.morning + .seconds(16 * 3600)

        #expect(book.refusal(of: 1, for: alice, now: nextDay - .milliseconds(1)) != nil)
        #expect(book.refusal(of: 50, for: alice, now: nextDay) == nil)
        #expect(book.refusal(of: 51, for: alice, now: nextDay)?.budget.name == "m")
        _ = book.settle("b", 50, by: alice, provider: "p", at: nextDay, now: nextDay)
        // Back to yesterday: today goes on.
        #expect(book.refusal(of: 1, for: alice, now: Self.morning) != nil)
        #expect(book.spentToday == 50)
        // What is spent then is spent of it.
        _ = book.settle("c", 7, by: alice, provider: "p", at: Self.morning, now: Self.morning)
        #expect(book.spentToday == 57)
        #expect(book.spentThisMonth == 157)
        // Work that ended yesterday and is settled today is yesterday's.
        _ = book.settle("d", 3, by: alice, provider: "p", at: Self.morning, now: nextDay)
        #expect(book.spentToday == 57)
        #expect(book.spentThisMonth == 160)
        let december = try #require(Timestamp(iso8601: "2026-12-01T00:00:00Z"))
        #expect(book.refusal(of: 100, for: alice, now: december) == nil)
        #expect(book.spentThisMonth == 0)
    }

    @Test func `a provider's budget counts where the money goes`() throws {
        var book = book([daily(100, .provider, "dear")])
        try book.reserve(80, for: "a", by: alice, now: Self.morning)
        try book.reserve(80, for: "b", by: alice, now: Self.morning)

        #expect(book.refusal(of: 80, for: alice, provider: "dear", now: Self.morning) == nil)
        book.bind("a", to: "dear", 80)
        #expect(book.refusal(of: 80, for: alice, provider: "dear", now: Self.morning)?.reserved == 80)
        #expect(book.refusal(of: 80, for: alice, provider: "other", now: Self.morning) == nil)
        book.unbind("a")
        book.bind("b", to: "dear", 80)
        _ = book.settle("b", 90, by: alice, provider: "dear", at: Self.morning, now: Self.morning)

        #expect(book.reserved(of: Subject(.provider, "dear")) == 0)
        #expect(book.refusal(of: 10, for: alice, provider: "dear", now: Self.morning) == nil)
        #expect(book.refusal(of: 11, for: alice, provider: "dear", now: Self.morning)?.spent == 90)
    }

    @Test func `a reservation is raised to the price of a dearer run, where there is room`() throws {
        var book = book([daily(100)])
        try book.reserve(40, for: "a", by: alice, now: Self.morning)
        try book.reserve(90, for: "a", by: alice, now: Self.morning)

        #expect(book.reservedInAll == 90)
        #expect(throws: BudgetRefusal.self) { try book.reserve(101, for: "a", by: alice, now: Self.morning) }
        #expect(book.holds["a"]?.amount == 90)
        book.release("a")
        #expect(book.reservedInAll == 0)
    }

    @Test func `each of many has as much, and one can be named`() throws {
        var book = book([daily(10, .user), daily(5, .user, "bob"), daily(100, .group, "other")])

        try book.reserve(10, for: "a", by: alice, now: Self.morning)
        #expect(throws: BudgetRefusal.self) { try book.reserve(1, for: "b", by: alice, now: Self.morning) }
        #expect(throws: BudgetRefusal.self) { try book.reserve(6, for: "c", by: bob, now: Self.morning) }
        try book.reserve(5, for: "c", by: bob, now: Self.morning)
    }

    @Test func `it warns and stops once a day at the set amounts, and goes on when it is told to`() throws {
        var book = book(marks: SpendMarks(warn: 20, stop: 30))
        _ = book.settle("a", 19, by: alice, provider: "p", at: Self.morning, now: Self.morning)
        #expect(book.takeAlerts() == [])
        _ = book.settle("b", 1, by: alice, provider: "p", at: Self.morning, now: Self.morning)
        _ = book.settle("c", 5, by: alice, provider: "p", at: Self.morning, now: Self.morning)
        #expect(book.takeAlerts().map(\.kind) == [.warn])

        #expect(refusal(of: 6, in: &book, now: Self.morning)?.budget.isStop == true)
        #expect(refusal(of: 6, in: &book, now: Self.morning) != nil)
        #expect(book.takeAlerts().map(\.kind) == [.stop])
        #expect(book.hasStoppedToday)

        book.resume(now: Self.morning)
        #expect(refusal(of: 30, in: &book, now: Self.morning) == nil)
        #expect(refusal(of: 31, in: &book, now: Self.morning) != nil)
        let tomorrow = Self.morning + .seconds(86_400)
        #expect(refusal(of: 30, in: &book, now: tomorrow) == nil)
        _ = book.settle("d", 25, by: alice, provider: "p", at: tomorrow, now: tomorrow)
        #expect(book.takeAlerts().map(\.kind) == [.stop, .warn])
    }

    @Test func `the end of a stop by hand allows no more than was left of the day's amount`() {
        var book = book(marks: SpendMarks(warn: nil, stop: 100))
        _ = book.settle("a", 60, by: alice, provider: "p", at: Self.morning, now: Self.morning)
        book.isStopped = true

        #expect(book.resume(now: Self.morning) == .byHand)

        #expect(!book.isStopped)
        #expect(refusal(of: 40, in: &book, now: Self.morning) == nil)
        #expect(refusal(of: 41, in: &book, now: Self.morning) != nil)
        // That was refused by the amount: now it is allowed once more, stopped by hand or not.
        book.isStopped = true
        book.resume(now: Self.morning)
        #expect(refusal(of: 100, in: &book, now: Self.morning) == nil)
    }

    @Test func `the word to go on changes nothing where nothing was stopped`() {
        var book = book(marks: SpendMarks(warn: nil, stop: 100))
        _ = book.settle("a", 60, by: alice, provider: "p", at: Self.morning, now: Self.morning)

        for _ in 0..<3 { #expect(book.resume(now: Self.morning) == .nothing) }

        #expect(refusal(of: 40, in: &book, now: Self.morning) == nil)
        #expect(refusal(of: 41, in: &book, now: Self.morning) != nil)
    }

    @Test func `what has room again when reservations are given back was not stopped`() throws {
        var book = book(marks: SpendMarks(warn: nil, stop: 100))
        try book.reserve(90, for: "a", by: alice, now: Self.morning)
        #expect(refusal(of: 20, in: &book, now: Self.morning) != nil)
        #expect(book.hasStoppedToday)

        book.release("a")

        #expect(!book.hasStoppedToday)
        #expect(book.resume(now: Self.morning) == .nothing)
        #expect(refusal(of: 101, in: &book, now: Self.morning) != nil)
        #expect(book.hasStoppedToday)
        #expect(book.takeAlerts().count == 1, "once a day")
    }

    @Test func `to ask whether there is room stops nothing`() {
        var book = book(marks: SpendMarks(warn: nil, stop: 100))

        #expect(book.refusal(of: 101, for: alice, now: Self.morning) != nil)

        #expect(!book.hasStoppedToday)
        #expect(book.takeAlerts().isEmpty)
    }

    @Test func `each stop of a day has a name of its own, also where nothing was spent between`() {
        var book = book(marks: SpendMarks(warn: nil, stop: 100))
        var names: [String] = []
        for _ in 0..<3 {
            #expect(refusal(of: 101, in: &book, now: Self.morning) != nil)
            names += book.takeAlerts().map(\.name)
            #expect(book.resume(now: Self.morning) == .amount)
        }

        #expect(Set(names).count == 3)
    }

    @Test func `another stopping amount has not stopped anything yet`() {
        var book = book(marks: SpendMarks(warn: nil, stop: 100))
        #expect(refusal(of: 101, in: &book, now: Self.morning) != nil)
        #expect(book.hasStoppedToday)

        book.use([], SpendMarks(warn: nil, stop: 100), now: Self.morning)
        #expect(book.hasStoppedToday)
        book.use([], SpendMarks(warn: nil, stop: 200), now: Self.morning)

        #expect(!book.hasStoppedToday)
    }

    @Test func `an alert has one name for a day and an amount, and today's can be asked for again`() {
        let marks = SpendMarks(warn: 20, stop: 30)
        var book = book(marks: marks)
        _ = book.settle("a", 25, by: alice, provider: "p", at: Self.morning, now: Self.morning)
        _ = refusal(of: 6, in: &book, now: Self.morning)
        let raised = book.takeAlerts()
        #expect(book.standingAlerts().map(\.name) == raised.map(\.name))

        // As after a restart, which knows what was spent and no more.
        var later = LedgerBook(marks: marks, sums: book.sums)
        later.use([], marks, sums: book.sums, now: Self.morning + .seconds(60))
        #expect(later.takeAlerts().isEmpty)
        #expect(later.standingAlerts().map(\.name) == [raised[0].name])
        _ = refusal(of: 6, in: &later, now: Self.morning + .seconds(60))
        #expect(later.takeAlerts().map(\.name) == [raised[1].name])

        later.resume(now: Self.morning)
        _ = refusal(of: 31, in: &later, now: Self.morning)
        #expect(later.takeAlerts().map(\.name) != [raised[1].name])
        let tomorrow = Self.morning + .seconds(86_400)
        _ = later.settle("b", 25, by: alice, provider: "p", at: tomorrow, now: tomorrow)
        #expect(later.takeAlerts().map(\.name) != [raised[0].name])
        #expect(Set(raised.map(\.name)).count == 2)
    }

    @Test func `another amount is another alert, and one that is not reached any more stops nothing`() {
        var book = book(marks: SpendMarks(warn: 20, stop: 30))
        _ = book.settle("a", 25, by: alice, provider: "p", at: Self.morning, now: Self.morning)
        _ = refusal(of: 6, in: &book, now: Self.morning)
        #expect(book.takeAlerts().count == 2)

        book.use([], SpendMarks(warn: 26, stop: 50), now: Self.morning)
        #expect(!book.hasStoppedToday)
        #expect(book.standingAlerts().isEmpty)
        _ = book.settle("b", 1, by: alice, provider: "p", at: Self.morning, now: Self.morning)
        #expect(book.takeAlerts().map(\.amount) == [26])
    }

    @Test func `an unknown price is refused by what the owner has set, and not by the stop that is there by itself`() {
        let standard = book(marks: SpendMarks())
        let set = book(marks: SpendMarks(isStopSet: true))
        let other = book([daily(5, .key, "key:b")], marks: SpendMarks())
        let own = book([daily(5, .provider, "p")], marks: SpendMarks())

        #expect(standard.budgetAgainstUnknown(alice, provider: "p") == nil)
        #expect(set.budgetAgainstUnknown(alice, provider: "p")?.name == "host.spend.stop")
        #expect(other.budgetAgainstUnknown(alice, provider: "p") == nil)
        #expect(own.budgetAgainstUnknown(alice, provider: "p")?.name == "daily")
        #expect(own.budgetAgainstUnknown(alice, provider: "q") == nil)
    }

    @Test func `no price makes a sum wrap round`() throws {
        var book = book([daily(.max - 1)])
        try book.reserve(.max - 1, for: "a", by: alice, now: Self.morning)

        #expect(throws: BudgetRefusal.self) { try book.reserve(.max, for: "b", by: alice, now: Self.morning) }
        _ = book.settle("a", .max, by: alice, provider: "p", at: Self.morning, now: Self.morning)
        _ = book.settle("b", .max, by: alice, provider: "p", at: Self.morning, now: Self.morning)
        #expect(book.spentToday == .max)
    }

    @Test func `after any story the reservations are those of the jobs that hold some, and no limit was passed`() throws
    {
        var book = book([daily(1000), daily(400, .user), Budget(name: "m", scope: .key, period: .month, limit: 700)])
        var random = Seeded(7)
        var now = Self.morning
        var live: [String] = []
        var spentByDay: [String: Int64] = [:]

        for step in 0..<5000 {
            now = now + .seconds(Int64.random(in: 0...120, using: &random))
            let payer = Bool.random(using: &random) ? alice : bob
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1:
                let id = "\(step)"
                if (try? book.reserve(.random(in: 1...60, using: &random), for: id, by: payer, now: now)) != nil {
                    live.append(id)
                }
            case 2 where !live.isEmpty:
                let id = live.remove(at: .random(in: live.indices, using: &random))
                let hold = try #require(book.holds[id])
                let cost = Int64.random(in: 0...hold.amount, using: &random)
                _ = book.settle(id, cost, by: hold.payer, provider: "p", at: now, now: now)
                spentByDay[now.day, default: 0] += cost
            case 3 where !live.isEmpty:
                book.release(live.remove(at: .random(in: live.indices, using: &random)))
            default: break
            }
            #expect(book.reservedInAll == live.reduce(0) { $0 + (book.holds[$1]?.amount ?? 0) })
            #expect(book.spentToday + book.reservedInAll <= 1000)
        }
        #expect(spentByDay.values.allSatisfy { $0 <= 1000 })
        #expect(spentByDay.count > 2)
    }
}

/// The same numbers each time.
private struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}
