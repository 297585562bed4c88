// What callers of each tier get of a day, as far as the queue decides it.
import Callers
import CivilTime
import Testing

@testable import EdgeRuntime

@Suite(.serialized)
struct SimulatedDayTests {
    private var traffic = DayTraffic(seed: 4)

    private func waits(_ fates: [SimulatedDay.Fate], _ tier: Tier) -> [Duration] {
        fates.filter { $0.caller.tier == tier }.compactMap(\.waited).sorted()
    }

    @Test mutating func `with room for all, every tier begins inside its target, bursts and a greedy user included`()
        async throws
    {
        // 8 places of 24 s each do 1 in 3 s, 28,800 a day; asked for is a third of that, now and then much at once.
        var rules = TierTable()
        rules[.enterprise].slots = 2
        let day = SimulatedDay(places: 8, rules: rules)
        var requests = traffic.stream(.free, 6000, users: 900) + traffic.stream(.premium, 2000, users: 90)
        requests += traffic.stream(.pro, 1250, users: 30) + traffic.stream(.enterprise, 500, users: 10)
        for hour in 0..<24 { requests += traffic.burst(.premium, 8, user: "b\(hour)", at: hour * 3600 + 700) }
        for hour in 0..<24 { requests += traffic.burst(.free, 12, user: "f\(hour)", at: hour * 3600 + 710) }
        requests += traffic.burst(.free, 150, user: "greedy", at: 45_000)

        let fates = try await day.run(requests)

        #expect(fates.allSatisfy { $0.refused != nil || $0.began != nil }, "none is lost")
        #expect(fates.allSatisfy { $0.refused == nil || $0.caller.user == "greedy" })
        let fair = fates.filter { $0.caller.user != "greedy" }
        for tier in Tier.allCases {
            let longest = waits(fair, tier).last ?? .zero
            #expect(longest <= rules[tier].wait, "\(tier): \(longest)")
        }
        // 150 by one user are no reason for others to wait: they take turns.
        let others = fates.filter {
            $0.caller.tier == .free && $0.caller.user != "greedy" && $0.at >= DayTraffic.at(45_001)
                && $0.at < DayTraffic.at(45_400)
        }
        #expect(others.count > 10)
        #expect(others.compactMap(\.waited).max() ?? .zero < .seconds(60))
    }

    @Test mutating func `with too much free work, paid tiers begin inside their targets and free work goes on`()
        async throws
    {
        // 1 in 2 s can be done, of which paid work is a third; free callers ask for 1 a second, for an hour and a half.
        var rules = TierTable()
        rules[.enterprise].slots = 2
        rules[.free].overflow = nil
        let day = SimulatedDay(places: 12, rules: rules)
        let end = 5400
        var requests =
            traffic.stream(.free, end, users: 500, to: end) + traffic.stream(.premium, end / 12, users: 100, to: end)
        requests +=
            traffic.stream(.pro, end / 20, users: 30, to: end)
            + traffic.stream(.enterprise, end / 48, users: 5, to: end)

        let fates = try await day.run(requests)

        for tier in [Tier.premium, .pro, .enterprise] {
            let waits = waits(fates, tier)
            #expect((waits.last ?? .zero) <= rules[tier].wait, "\(tier): \(waits.last ?? .zero)")
        }
        #expect(waits(fates, .free).count == end, "late, but done")
        let started = fates.filter { $0.caller.tier == .free }.compactMap(\.began).sorted()
        let gaps = zip(started.dropFirst(), started).map { $0 - $1 }
        #expect(gaps.max() ?? .zero < .seconds(30), "nobody starves: \(gaps.max() ?? .zero)")
    }

    @Test mutating func `free work that would be too late is refused, and what is taken begins near its target`()
        async throws
    {
        let rules = TierTable()
        let day = SimulatedDay(places: 12)
        let end = 5400
        let requests =
            traffic.stream(.free, end, users: 2000, to: end) + traffic.stream(.pro, end / 12, users: 30, to: end)

        let fates = try await day.run(requests)

        let refused = fates.filter { $0.refused != nil }
        #expect(refused.count > end / 4)
        let late = waits(fates, .free).count { $0 > rules[.free].wait + .seconds(60) + .seconds(90) }
        #expect(refused.allSatisfy { $0.caller.tier == .free && $0.refused ?? .zero > .zero })
        // Estimates are guesses: of what was taken in, few begin much later than the tier allows.
        let took = waits(fates, .free)
        #expect(late * 20 < took.count, "\(late) of \(took.count), the longest \(took.last ?? .zero)")
        #expect((waits(fates, .pro).last ?? .zero) <= rules[.pro].wait)
    }

    @Test mutating func `estimates are near to what comes`() async throws {
        let day = SimulatedDay(places: 12)
        let requests = traffic.stream(.free, 5000, users: 1000) + traffic.burst(.free, 150, user: "greedy", at: 40_000)

        let fates = try await day.run(requests)

        let errors = fates.filter { $0.waited ?? .zero > .seconds(20) }.compactMap { fate -> Double? in
            guard let estimate = fate.estimate, let began = fate.began else { return nil }
            return abs((began - estimate).inSeconds) / max((began - fate.at).inSeconds, 1)
        }
        #expect(errors.count > 50)
        #expect(errors.sorted()[errors.count / 2] < 0.25, "median error \(errors.sorted()[errors.count / 2])")
    }
}
