// Which tier goes next, and which places are kept for it.
import Callers
import CivilTime
import Testing

@testable import EdgeRuntime

struct TierSharesTests {
    private let now = Timestamp(milliseconds: 1_000_000)

    /// So many choices in a row among tiers that always have work.
    private func chosen(_ count: Int, _ startBy: [Tier: Duration]) -> [Tier: Int] {
        var shares = TierShares()
        var chosen: [Tier: Int] = [:]
        for _ in 0..<count {
            let late = Tier.allCases.first { tier in
                startBy[tier].map { shares.isLate(tier, count: 1, earliest: now + $0, pace: nil, now: now) } ?? false
            }
            guard let tier = shares.choose(late: late, { startBy[$0].map { now + $0 } }) else { continue }
            chosen[tier, default: 0] += 1
            if late != nil { shares.took(tier) }
        }
        return chosen
    }

    @Test func `while nothing is late, what is meant to begin earliest goes first, of equal ones the better tier's`() {
        #expect(chosen(3, [.free: .seconds(5), .premium: .seconds(90)]) == [.free: 3])
        #expect(chosen(3, [.free: .seconds(200), .enterprise: .seconds(8)]) == [.enterprise: 3])
        #expect(chosen(3, [.free: .seconds(8), .enterprise: .seconds(8)]) == [.enterprise: 3])
        #expect(chosen(3, [:]).isEmpty)
    }

    @Test func `late tiers share the places by weight`() {
        let late = Duration.seconds(-10)

        #expect(
            chosen(150, [.free: late, .premium: late, .pro: late, .enterprise: late])
                == [.free: 10, .premium: 20, .pro: 40, .enterprise: 80]
        )
        #expect(chosen(30, [.free: .seconds(-1000), .premium: late]) == [.free: 10, .premium: 20])
    }

    @Test func `while free work is late, paid work need not be late to have its share`() {
        #expect(chosen(90, [.free: .seconds(-100), .enterprise: .seconds(8)]) == [.free: 10, .enterprise: 80])
    }

    @Test func `while paid work is late, free work that is not waits`() {
        #expect(chosen(10, [.free: .seconds(10), .pro: .seconds(-1)]) == [.pro: 10])
    }

    @Test func `a tier is late with its first work, or with more than can begin in time`() {
        let shares = TierShares()
        func isLate(_ count: Int, _ earliest: Duration, pace: Duration?) -> Bool {
            shares.isLate(.premium, count: count, earliest: now + earliest, pace: pace, now: now)
        }

        #expect(isLate(1, .seconds(-1), pace: nil))
        #expect(!isLate(1000, .seconds(1), pace: nil))
        #expect(!isLate(60, .seconds(1), pace: .seconds(2)))
        #expect(isLate(61, .seconds(100), pace: .seconds(2)))
    }

    @Test func `a time without work saves up no places`() {
        var shares = TierShares()
        for _ in 0..<1000 { shares.took(.free) }
        var chosen: [Tier: Int] = [:]
        for _ in 0..<90 {
            guard
                let tier = shares.choose(late: .free, { [.free, .enterprise].contains($0) ? now - .seconds(1) : nil })
            else { continue }
            chosen[tier, default: 0] += 1
            shares.took(tier)
        }

        #expect((9...11).contains(chosen[.free] ?? 0))
    }
}

struct KeptPlacesTests {
    private func places(_ places: Int, premium: Int = 0, pro: Int = 0, enterprise: Int = 0) -> KeptPlaces {
        var rules = TierTable()
        rules[.premium].slots = premium
        rules[.pro].slots = pro
        rules[.enterprise].slots = enterprise
        return KeptPlaces(places: places, rules)
    }

    private func running(_ counts: [Tier: Int]) -> ByTier<Int> { ByTier { counts[$0] ?? 0 } }

    @Test func `what is kept for a tier is free for it and better ones, and for nobody else`() {
        let places = places(4, pro: 2)

        #expect(places[.free] == 2)
        #expect(!places.allows(.free, running: running([.free: 2])))
        #expect(!places.allows(.premium, running: running([.free: 2])))
        #expect(places.allows(.pro, running: running([.free: 2])))
        #expect(places.allows(.enterprise, running: running([.free: 2, .pro: 1])))
        #expect(!places.allows(.enterprise, running: running([.free: 2, .pro: 2])))
        #expect(places.allows(.free, running: running([.free: 1, .pro: 2])))
    }

    @Test func `what several tiers keep adds up`() {
        let places = places(6, premium: 1, pro: 1, enterprise: 2)

        #expect(Tier.allCases.map { places[$0] } == [2, 3, 4, 6])
        #expect(!places.allows(.pro, running: running([.pro: 4])))
        #expect(places.allows(.enterprise, running: running([.pro: 4])))
    }

    @Test func `whatever is kept, each tier has one place`() {
        let places = places(2, enterprise: 10)

        #expect(places.allows(.free, running: running([:])))
        #expect(places.allows(.free, running: running([.enterprise: 1])))
        #expect(!places.allows(.free, running: running([.enterprise: 2])))
        #expect(!places.allows(.pro, running: running([.free: 1])))
    }
}
