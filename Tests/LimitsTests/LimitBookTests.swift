// What limits allow, by a clock that is moved by hand.
import Callers
import CivilTime
import JSON
import TestSupport
import Testing

@testable import Limits

struct LimitBookTests {
    private static let noon = Timestamp(iso8601: "2026-11-21T12:00:00Z") ?? Timestamp(milliseconds: 0)
    private let stranger = Caller(id: "ip:192.0.2.1")

    /// A book with its clock and settings.
    private struct Bench {
        var book = LimitBook()
        var settings = LimitSettings()
        var now = LimitBookTests.noon

        mutating func image(_ caller: Caller, _ function: String = "generate") -> LimitRefusal? {
            do {
                let isCounted = try book.takeImage(by: caller, function: function, settings, now: now)
                if !isCounted { Issue.record("the book is full") }
                return nil
            } catch {
                return error
            }
        }

        mutating func request(_ caller: Caller, _ function: String = "generate") -> LimitRefusal? {
            do {
                try book.takeRequest(settings.limits(of: caller, function: function), settings, now: now)
                return nil
            } catch {
                return error
            }
        }

        /// A host that starts anew with the counts that this one wrote.
        mutating func restart() {
            let json = book.json
            book = LimitBook()
            let isRestored = book.restore(json, zone: settings.zone, now: now)
            #expect(isRestored)
        }
    }

    private func tiers() -> Bench {
        var bench = Bench()
        bench.settings.tiers = TierTable()
        return bench
    }

    @Test func `a free user waits 30 s between images, and is told how long`() {
        var bench = tiers()
        #expect(bench.image(stranger) == nil)
        bench.now = bench.now + .seconds(18)
        let refusal = bench.image(stranger)

        #expect(refusal?.sentence == "Wait 12 s: free users may make one image every 30 s.")
        #expect(refusal?.code == "cooldown")
        #expect(refusal?.retryAfter == 12)
        #expect(refusal?.violated == ["free-cooldown"])
        #expect(refusal?.fields.policy == #""free-cooldown";q=1;w=30, "free-day";q=20;w=86400"#)
        #expect(refusal?.fields.state.hasPrefix(#""free-cooldown";r=0;t=12, "free-day";r=19;t="#) == true)
        #expect(bench.image(Caller(id: "ip:192.0.2.2")) == nil, "somebody else")
        bench.now = bench.now + .seconds(12)
        #expect(bench.image(stranger) == nil)
    }

    @Test func `a day's images are back at midnight of the zone, also on the day that has 25 hours`() throws {
        var bench = tiers()
        bench.settings.zone = try #require(
            TimeZone(
                name: "Test/Zone",
                file: ZoneFile.bytes(offsets: [(3600, false)], footer: "CET-1CEST,M3.5.0,M10.5.0/3")
            )
        )
        bench.now = try #require(Timestamp(iso8601: "2026-10-24T22:00:00Z"))
        for _ in 0..<20 {
            #expect(bench.image(stranger) == nil)
            bench.now = bench.now + .seconds(30)
        }
        bench.now = try #require(Timestamp(iso8601: "2026-10-25T22:59:59Z"))
        let refusal = bench.image(stranger)

        #expect(refusal?.code == "daily_limit")
        #expect((1...61).contains(refusal?.retryAfter ?? 0))
        #expect(refusal?.sentence.contains("free users may make 20 images a day") == true)
        #expect(refusal?.fields.policy.contains(#""free-day";q=20;w=90000"#) == true)
        bench.now = bench.now + .seconds(1)
        #expect(bench.image(stranger) == nil)
    }

    @Test func `a month's images are back with the next month; premium is refused, pro goes in the free order`() throws
    {
        for (tier, isRefused) in [(Tier.premium, true), (.pro, false)] {
            var bench = tiers()
            let caller = Caller(id: "key:a", tier: tier, isKnown: true)
            bench.now = try #require(Timestamp(iso8601: "2026-11-30T23:00:00Z"))
            func order(_ bench: Bench) -> Tier {
                bench.book.tier(of: caller, function: "generate", bench.settings, now: bench.now)
            }
            for _ in 0..<4999 { _ = bench.image(caller) }
            #expect(order(bench) == tier)
            #expect(bench.image(caller) == nil)
            bench.restart()
            #expect((bench.image(caller)?.code == "monthly_limit") == isRefused)
            #expect(order(bench) == (isRefused ? .premium : .free))
            bench.now = try #require(Timestamp(iso8601: "2026-12-01T00:00:00Z"))
            #expect(order(bench) == tier)
            #expect(bench.image(caller) == nil)
        }
    }

    @Test func `enterprise and the operator on this machine have no limits`() {
        var bench = tiers()
        bench.settings.caller.perMinute = 1
        let enterprise = Caller(id: "key:e", tier: .enterprise, isKnown: true)
        for _ in 0..<50 {
            #expect(bench.image(enterprise) == nil)
            #expect(bench.image(.local) == nil)
            #expect(bench.request(.local) == nil)
        }
    }

    @Test func `requests of a minute, which begins with the first of them`() {
        var bench = Bench()
        bench.settings.address.perMinute = 2
        bench.now = Self.noon + .seconds(59)
        #expect(bench.request(stranger) == nil)
        bench.now = bench.now + .seconds(20)
        #expect(bench.request(stranger) == nil)
        let refusal = bench.request(stranger)
        #expect(refusal?.sentence == "Wait 40 s: callers of one address may send 2 requests a minute.")
        #expect(refusal?.fields.state == #""address-minute";r=0;t=40"#)
        bench.restart()
        #expect(bench.request(stranger) != nil, "a restart gives nothing back")
        bench.now = bench.now + .seconds(40)
        #expect(bench.request(stranger) == nil)
        #expect(bench.image(stranger) == nil, "images are not requests")
    }

    @Test func `caller, end user, group, address and function each have counts of their own`() {
        var bench = Bench()
        let bot = Caller(id: "key:bot", tier: .pro, isKnown: true)
        func caller(_ user: String, _ group: String) -> Caller {
            Caller(id: "key:bot", tier: .pro, isKnown: true, user: user, group: group)
        }
        bench.settings.user.perDay = 1
        bench.settings.group.perDay = 2
        bench.settings.caller.perDay = 4
        bench.settings.functions["generate"] = LimitRules()
        bench.settings.functions["generate"]?.perDay = 5

        #expect(bench.image(caller("u1", "g1")) == nil)
        #expect(bench.image(caller("u1", "g1"))?.violated == ["user-day"])
        #expect(bench.image(caller("u2", "g1")) == nil)
        #expect(bench.image(caller("u3", "g1"))?.violated == ["group-day"])
        #expect(bench.image(caller("u3", "g2")) == nil)
        #expect(bench.image(bot) == nil)
        #expect(bench.image(caller("u4", "g3"))?.violated == ["caller-day"])
        let other = Caller(id: "key:other", tier: .pro, isKnown: true, user: "u1")
        #expect(bench.image(other) == nil, "another key's user of that name")
        let refusal = bench.image(stranger)
        #expect(refusal?.violated == ["function-day"])
        #expect(refusal?.sentence.contains("all callers of generate together") == true)
        #expect(bench.image(stranger, "paint") == nil)
    }

    @Test func `a tier's rules hold for the end user of a key that acts for others`() {
        var bench = tiers()
        let first = Caller(id: "key:bot", tier: .free, isKnown: true, user: "u1")
        let second = Caller(id: "key:bot", tier: .free, isKnown: true, user: "u2")

        #expect(bench.image(first) == nil)
        #expect(bench.image(second) == nil)
        #expect(bench.image(first)?.code == "cooldown")
    }

    @Test func `a user's address counts where limits go by addresses`() {
        var bench = Bench()
        bench.settings.address.perDay = 1
        let one = Caller(id: "user:1", isKnown: true, address: "192.0.2.1")
        let two = Caller(id: "user:2", isKnown: true, address: "192.0.2.1")

        #expect(bench.image(one) == nil)
        #expect(bench.image(two)?.violated == ["address-day"])
        #expect(bench.image(stranger)?.violated == ["address-day"])
        #expect(bench.image(Caller(id: "key:server", isKnown: true)) == nil)
    }

    @Test func `the rule that holds the longest is the one that is told, and what all share is not shown`() {
        var bench = tiers()
        bench.settings.caller.perDay = 1
        bench.settings.functions["generate"] = LimitRules()
        bench.settings.functions["generate"]?.perDay = 7
        #expect(bench.image(stranger) == nil)
        let refusal = bench.image(stranger)

        #expect(refusal?.code == "daily_limit")
        #expect(refusal?.violated == ["free-cooldown", "caller-day"])
        #expect(refusal?.fields.policy.contains("function") == false)
    }

    @Test func `what nothing came of is given back, the cooldown too`() {
        var bench = tiers()
        bench.book.takeBackImage(by: stranger, function: "generate", bench.settings, at: bench.now)
        #expect(bench.image(stranger) == nil)
        bench.now = bench.now + .seconds(31)
        let second = bench.now
        #expect(bench.image(stranger) == nil)
        bench.book.takeBackImage(by: stranger, function: "generate", bench.settings, at: second)
        #expect(bench.image(stranger) == nil)
        #expect(
            bench.book.fields(of: stranger, function: "generate", bench.settings, now: bench.now)?.state.contains(
                #""free-day";r=18"#
            ) == true
        )
    }

    @Test func `what nothing came of after midnight gives the new day nothing`() {
        var bench = tiers()
        let late = bench.now
        #expect(bench.image(stranger) == nil)
        bench.now = bench.now + .seconds(86_400)
        #expect(bench.image(stranger) == nil)

        bench.book.takeBackImage(by: stranger, function: "generate", bench.settings, at: late)

        #expect(
            bench.book.fields(of: stranger, function: "generate", bench.settings, now: bench.now)?.state.contains(
                #""free-day";r=19"#
            ) == true
        )
    }

    @Test func `a clock that is set back gives no day back, and holds nobody longer than the cooldown`() {
        var bench = tiers()
        for _ in 0..<20 {
            bench.now = bench.now + .seconds(30)
            #expect(bench.image(stranger) == nil)
        }
        bench.now = bench.now - .seconds(86_400)
        let refusal = bench.image(stranger)
        #expect(refusal?.violated == ["free-cooldown", "free-day"])
        let state = bench.book.fields(of: stranger, function: "generate", bench.settings, now: bench.now)?.state
        #expect(state?.hasPrefix(#""free-cooldown";r=0;t=30,"#) == true, "\(state ?? "")")
        bench.restart()
        #expect(bench.image(stranger)?.violated.contains("free-day") == true)
    }

    @Test func `images that files tell of count on their own day and month`() throws {
        var bench = tiers()
        let yesterday = bench.now - .seconds(86_400)
        func earlier(_ moment: Timestamp) {
            bench.book.countEarlier(by: stranger, function: "generate", bench.settings, at: moment, now: bench.now)
        }
        for _ in 0..<25 { earlier(yesterday) }
        #expect(bench.image(stranger) == nil)
        earlier(yesterday)
        earlier(bench.now - .seconds(1))
        bench.now = bench.now + .seconds(30)
        let state = bench.book.fields(of: stranger, function: "generate", bench.settings, now: bench.now)?.state
        #expect(state?.contains(#""free-day";r=18"#) == true, "\(state ?? "")")
    }

    @Test func `a full book takes nobody new, and forgets those whose counts are over`() throws {
        var book = LimitBook(subjectsMax: 4)
        var settings = LimitSettings()
        settings.tiers = TierTable()
        let now = Self.noon
        #expect(try book.takeImage(by: stranger, function: "f", settings, now: now))
        let other = Caller(id: "ip:192.0.2.9")
        #expect(try !book.takeImage(by: other, function: "f", settings, now: now))
        let later = now + .seconds(40 * 86_400)
        #expect(try book.takeImage(by: other, function: "f", settings, now: later))
        #expect(book.count == 3)
    }

    @Test func `nothing is restored of what nobody wrote, and a wrong clock's day ends tomorrow`() throws {
        var bench = tiers()
        for json in [
            [:], ["images": ["a": [1, 2]], "minutes": [:]], ["images": [:], "minutes": ["a": ["soon", 1]]],
        ] as [JSONObject] {
            let isRestored = bench.book.restore(json, zone: .utc, now: bench.now)
            #expect(!isRestored)
        }
        bench.now = bench.now + .seconds(900 * 86_400)
        for _ in 0..<20 {
            bench.now = bench.now + .seconds(30)
            #expect(bench.image(stranger) == nil)
        }
        bench.now = Self.noon
        bench.restart()
        #expect(bench.image(stranger)?.violated.contains("free-day") == true)
        bench.now = bench.now + .seconds(2 * 86_400)
        #expect(bench.image(stranger) == nil)
    }

    @Test(arguments: [
        (12, "12 s"), (120, "120 s"), (121, "3 min"), (7200, "120 min"), (7260, "2 h 1 min"), (10_800, "3 h"),
        (400_000, "5 days"),
    ])
    func `times are told as people say them`(seconds: Int, text: String) { #expect(LimitRefusal.time(seconds) == text) }
}
