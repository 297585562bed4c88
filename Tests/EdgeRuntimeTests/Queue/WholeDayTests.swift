// A whole day of callers with limits, budgets, failures and crashes, by the code that a host decides with.
import Callers
import CivilTime
import Ledger
import Limits
import TestSupport
import Testing

@testable import EdgeRuntime

@Suite(.serialized)
struct WholeDayTests {
    /// Its day ends at 18:30 UTC: everything renews while the simulated day goes on.
    private static let newDay = 66_600
    private let zone: TimeZone

    init() throws {
        let file = ZoneFile.bytes(offsets: [(19_800, false)], footer: "IST-5:30")
        zone = try #require(TimeZone(name: "Asia/Kolkata", file: file))
    }

    // MARK: The host

    private var rules: TierTable {
        var rules = TierTable()
        rules[.enterprise].slots = 2
        rules[.pro].perMonth = 60
        return rules
    }

    private var limits: LimitSettings {
        var limits = LimitSettings()
        limits.zone = zone
        limits.user.perMinute = 20
        limits.address.perMinute = 20
        limits.group.perDay = 400
        return limits
    }

    /// Budgets of every scope. Those of one key and one provider run out in the day, and the host stops by itself at an amount.
    private func money(stop: Int64? = nil) -> LedgerSettings {
        var money = LedgerSettings()
        money.zone = zone
        money.marks = SpendMarks(warn: 5_000_000, stop: stop, isStopSet: true)
        money.budgets = [
            Budget(name: "the month", scope: .all, period: .month, limit: 200_000_000),
            Budget(name: "guests", scope: .tier, subject: "free", period: .day, limit: 40_000_000),
            Budget(name: "each tier", scope: .tier, period: .total, limit: 100_000_000),
            Budget(name: "the good one", scope: .provider, subject: "good", period: .day, limit: 7_500_000),
            Budget(name: "each user", scope: .user, period: .day, limit: 1_500_000),
            Budget(name: "each group", scope: .group, period: .day, limit: 30_000_000),
            Budget(name: "generate", scope: .function, subject: "generate", period: .day, limit: 90_000_000),
        ]
        money.keyBudgets = [
            Budget(name: "of the key p0", scope: .key, subject: "key:p0", period: .day, limit: 100_000)
        ]
        return money
    }

    // MARK: The callers

    private static func app(_ number: Int) -> Caller {
        Caller(id: "key:app", tier: .free, isKnown: true, user: "f\(number)", group: "g\(number % 20)")
    }
    private static func stranger(_ number: Int) -> Caller { Caller(id: "ip:192.0.2.\(number)") }
    private static func premium(_ number: Int) -> Caller {
        Caller(id: "user:m\(number)", tier: .premium, isKnown: true)
    }
    private static func pro(_ number: Int) -> Caller { Caller(id: "key:p\(number)", tier: .pro, isKnown: true) }
    private static func enterprise(_ number: Int) -> Caller {
        Caller(id: "key:e\(number)", tier: .enterprise, isKnown: true)
    }
    private static let greedy = Caller(id: "key:app", tier: .free, isKnown: true, user: "greedy", group: "g0")
    private static let greedyStranger = Caller(id: "ip:203.0.113.6")

    /// Users of all tiers, at any time and in bursts.
    private func fair(_ traffic: inout DayTraffic) -> [SimulatedDay.Request] {
        var requests = traffic.stream(1500, users: 400, by: Self.app)
        requests += traffic.stream(200, users: 40, by: Self.stranger)
        requests += traffic.stream(800, users: 40, by: Self.premium)
        requests += traffic.stream(560, users: 8, by: Self.pro)
        requests += traffic.stream(240, users: 3, by: Self.enterprise)
        for hour in 0..<24 {
            requests += traffic.every(.milliseconds(1), 6, by: Self.premium(100 + hour), at: hour * 3600 + 700)
            requests += traffic.stream(12, users: 400, from: hour * 3600 + 710, to: hour * 3600 + 713, by: Self.app)
        }
        return requests
    }

    /// One end user of the app who asks every eight seconds, and a stranger who sends all at once.
    private func greedy(_ traffic: inout DayTraffic) -> [SimulatedDay.Request] {
        traffic.every(.seconds(8), 1800, by: Self.greedy, at: 54_000)
            + traffic.every(.milliseconds(20), 300, by: Self.greedyStranger, at: 40_000)
    }

    private static func isGreedy(_ caller: Caller) -> Bool { [greedy, greedyStranger].contains(caller) }

    // MARK: What holds for every day

    /// Every job has ended, nothing is held, no budget was ever passed, and all sums are right to the micro-dollar.
    private func checkBooks(_ host: SimulatedHost, _ place: Comment) throws {
        #expect(host.mistakes.isEmpty, "\(place): \(host.mistakes.prefix(5)) of \(host.mistakes.count)")
        let lost = host.fates.filter { ($0.refusal == nil) == ($0.end == nil) }
        #expect(lost.isEmpty, "\(place): \(lost.prefix(3))")
        #expect(host.book.holds.isEmpty, place)
        #expect(host.book.reservedInAll == 0, place)

        let settled = host.fates.reduce(Int64(0)) { $0 + $1.spent }
        #expect(settled > 0, place)
        #expect(host.audit.total == settled, place)
        let month = host.audit.spent(Subject(.all, ""), .month, DayTraffic.midnight)
        #expect(host.book.spentThisMonth == month, place)
        let store = try #require(host.store)
        for grouping in UsageGrouping.allCases {
            let lines = try store.usage(by: grouping, since: nil, zone: zone)
            let sums = host.audit.sums(by: grouping)
            #expect(lines.reduce(0) { $0 + $1.amount } == settled, "\(place), by \(grouping)")
            #expect(
                Dictionary(uniqueKeysWithValues: lines.map { ($0.name, $0.amount) }) == sums,
                "\(place), by \(grouping)"
            )
        }
    }

    private func waits(_ fates: [SimulatedDay.Fate], _ tier: Tier) -> [Duration] {
        fates.filter { $0.tier == tier }.compactMap(\.waited).sorted()
    }

    /// Images that one caller has had made, by the zone's days, each in the order of its times.
    private func images(of caller: Caller, _ fates: [SimulatedDay.Fate]) -> [Int: [Timestamp]] {
        let accepted = fates.filter { $0.caller == caller && $0.refusal == nil }.map(\.at)
        return Dictionary(grouping: accepted.sorted()) { zone.day(of: $0) }
    }

    // MARK: Days

    @Test("A day with room for all: waits inside the targets, nobody starves, the books are right", arguments: 1...3)
    func goodDay(seed: Int) async throws {
        var traffic = DayTraffic(seed: UInt64(seed))
        var day = SimulatedDay(places: 6, rules: rules)
        day.limits = limits
        day.money = money(stop: 8_800_000)
        day.crashes = [DayTraffic.at(43_000 + seed)]
        day.stops = [DayTraffic.at(20_000)]
        day.resumes = [DayTraffic.at(20_600), DayTraffic.at(64_000)]

        let host = try await day.live(traffic.priced(fair(&traffic) + greedy(&traffic)))

        let fates = host.fates
        try checkBooks(host, "seed \(seed)")
        for tier in Tier.allCases {
            let longest = waits(fates, tier).last ?? .zero
            #expect(longest <= rules[tier].wait, "\(tier): \(longest)")
        }
        // Whoever was refused by limits has had as much as they allow.
        let limited = Set(fates.filter { if case .limit = $0.refusal { true } else { false } }.map(\.caller.id))
        let made = Set(fates.filter { $0.end == .made }.map(\.caller.id))
        #expect(limited.isSubset(of: made))
        #expect(fates.allSatisfy { $0.refusal != .busy })
        // Pro users who have had their month's images go on in the free order.
        #expect(fates.contains { $0.caller.tier == .pro && $0.tier == .free && $0.end == .made })
        try checkMoneyOfGoodDay(host)
    }

    /// A key's and a provider's money runs out and is back at midnight, and paid work stops by itself until its owner says "go on".
    private func checkMoneyOfGoodDay(_ host: SimulatedHost) throws {
        let fates = host.fates
        func refused(by budget: String?) -> [SimulatedDay.Fate] { fates.filter { $0.refusal == .money(budget) } }
        let broke = refused(by: "of the key p0")
        #expect(broke.count > 5)
        #expect(broke.allSatisfy { $0.caller.id == "key:p0" })
        #expect(
            fates.contains {
                $0.caller.id == "key:p0" && $0.at >= DayTraffic.at(Self.newDay) && $0.end == .made && $0.spent > 0
            }
        )
        // What is too dear for its provider's budget is made by another one.
        let good = try #require(host.audit.highest["the good one good"])
        #expect((7_500_000 - 11_300...7_500_000).contains(good))
        let byHand = refused(by: nil)
        #expect(!byHand.isEmpty)
        #expect(byHand.allSatisfy { $0.at >= DayTraffic.at(20_000) && $0.at < DayTraffic.at(20_600) })
        let byItself = refused(by: SpendMarks.stopName)
        #expect(byItself.count > 100)
        #expect(byItself.allSatisfy { $0.at < DayTraffic.at(64_000) })
        #expect(host.alerts.filter { $0.kind == .stop }.count == 1)
        let stopped = try #require(byItself.map(\.at).min())
        let during = fates.filter { $0.at > stopped && $0.at < DayTraffic.at(64_000) && $0.end == .made }
        #expect(during.count > 40, "what costs nothing goes on")
    }

    @Test func `greedy users meet their limits, and others wait no longer for them`() async throws {
        var day = SimulatedDay(places: 6, rules: rules)
        day.limits = limits
        var traffic = DayTraffic(seed: 9)
        let fair = fair(&traffic)
        var greedy = greedy(&traffic)
        // No limit holds this one back: 60 at once are inside a month's 5000.
        let rich = Self.premium(666)
        greedy += traffic.every(.milliseconds(20), 60, by: rich, at: 30_000)

        let without = try await day.live(fair)
        let with = try await day.live(fair + greedy)

        #expect(without.mistakes + with.mistakes == [])
        for (_, times) in images(of: Self.greedy, with.fates) {
            #expect(times.count == rules[.free].perDay)
            let gaps = zip(times.dropFirst(), times).map { $0 - $1 }
            #expect(gaps.allSatisfy { $0 >= rules[.free].cooldown })
        }
        #expect(images(of: Self.greedy, with.fates).count == 2, "a new day has new images")
        #expect(images(of: Self.greedyStranger, with.fates).values.map(\.count) == [1])
        let richOnes = with.fates.filter { $0.caller == rich }
        #expect(richOnes.allSatisfy { $0.end == .made }, "late, but done")

        let (before, after) = (without.fates, Array(with.fates.prefix(fair.count)))
        #expect(zip(before, after).allSatisfy { $0.refusal == $1.refusal }, "nobody is refused for another's greed")
        for tier in Tier.allCases {
            let (alone, beside) = (waits(before, tier), waits(after, tier))
            #expect((beside.last ?? .zero) <= rules[tier].wait, "\(tier): \(beside.last ?? .zero)")
            #expect(mean(beside) <= mean(alone) + .seconds(1), "\(tier): \(mean(alone)), then \(mean(beside))")
        }
    }

    private func mean(_ waits: [Duration]) -> Duration { waits.reduce(.zero, +) / max(waits.count, 1) }

    @Test(
        "A day of crashes with too few places and too little money: what was accepted ends, no budget is passed",
        arguments: 5...6
    )
    func hardDay(seed: Int) async throws {
        var traffic = DayTraffic(seed: UInt64(seed))
        var rules = rules
        rules[.enterprise].slots = 0
        var day = SimulatedDay(places: 1, rules: rules)
        day.limits = limits
        var money = money(stop: 3_000_000)
        money.budgets += [
            Budget(name: "all", scope: .all, period: .day, limit: 5_500_000),
            Budget(name: "few", scope: .user, period: .total, limit: 60_000),
            Budget(name: "cheap", scope: .provider, subject: "cheap", period: .day, limit: 350_000),
        ]
        day.money = money
        day.crashes = (1..<24).map { DayTraffic.at($0 * 3600 + 17 * seed) }
        day.away = .seconds(20)
        day.resumes = [DayTraffic.at(30_000), DayTraffic.at(50_000), DayTraffic.at(80_000)]

        let host = try await day.live(traffic.priced(fair(&traffic) + greedy(&traffic)))

        try checkBooks(host, "seed \(seed)")
        for tier in Tier.allCases {
            // The host is away for 20 s each hour, and what ran is run again.
            let longest = waits(host.fates, tier).last ?? .zero
            #expect(longest <= rules[tier].wait + .seconds(900), "\(tier) is late, but nobody starves: \(longest)")
        }
        #expect((5_488_700...5_500_000).contains(try #require(host.audit.highest["all"])))
        #expect((348_100...350_000).contains(try #require(host.audit.highest["cheap cheap"])))
        for budget in ["all", "few", "cheap", SpendMarks.stopName] {
            #expect(host.fates.contains { $0.refusal == .money(budget) }, "\(budget)")
        }
        #expect(host.fates.contains { $0.end == .noMoney })
        #expect(host.fates.contains { $0.refusal == .busy })
        #expect(Set(host.audit.rows.map(\.kind)) == [.told, .listed, .perhaps])
        #expect(host.alerts.filter { $0.kind == .stop }.count <= day.resumes.count + 1, "no crash tells of it again")
    }
}
