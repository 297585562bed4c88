// Who asks for what in a simulated day: at random, and the same in every run.
import Callers
import CivilTime
import JSON

@testable import EdgeRuntime

/// Requests of a day that begins at midnight UTC.
struct DayTraffic {
    /// The same numbers for the same seed.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }

    static let midnight = Timestamp(milliseconds: 1_795_219_200_000)

    private var numbers: Numbers

    init(seed: UInt64) { numbers = Numbers(state: seed) }

    static func at(_ second: Int) -> Timestamp { midnight + .seconds(second) }

    /// An end user of a tier's one app.
    static func caller(_ tier: Tier, _ user: String) -> Caller {
        Caller(id: "key:\(tier)", tier: tier, isKnown: true, user: user)
    }

    /// So many requests by several users of a tier, at random.
    mutating func stream(
        _ tier: Tier,
        _ count: Int,
        users: Int,
        from: Int = 0,
        to: Int = 86_400
    ) -> [SimulatedDay.Request] {
        stream(count, users: users, from: from, to: to) { Self.caller(tier, "u\($0)") }
    }

    /// The same for whoever the numbers of users stand for.
    mutating func stream(
        _ count: Int,
        users: Int,
        from: Int = 0,
        to: Int = 86_400,
        by caller: (Int) -> Caller
    ) -> [SimulatedDay.Request] {
        (0..<count).map { _ in
            SimulatedDay.Request(
                at: Self.midnight + .milliseconds(Int.random(in: from * 1000..<to * 1000, using: &numbers)),
                caller: caller(Int.random(in: 0..<users, using: &numbers)),
                takes: .milliseconds(Int.random(in: 12_000..<36_000, using: &numbers))
            )
        }
    }

    /// So many at once by one user.
    mutating func burst(_ tier: Tier, _ count: Int, user: String, at second: Int) -> [SimulatedDay.Request] {
        every(.milliseconds(1), count, by: Self.caller(tier, user), at: second)
    }

    /// So many by one caller, one after the other.
    mutating func every(
        _ pause: Duration,
        _ count: Int,
        by caller: Caller,
        at second: Int
    ) -> [SimulatedDay.Request] {
        (0..<count).map { number in
            SimulatedDay.Request(
                at: Self.at(second) + pause * number,
                caller: caller,
                takes: .milliseconds(Int.random(in: 12_000..<36_000, using: &numbers))
            )
        }
    }

    // MARK: Money

    /// Takes the attempt's id, so that it can be asked after a crash what became of a run.
    static let good = lane("good", price: 11_300, takesAttemptIDs: true)
    static let cheap = lane("cheap", price: 1900)
    static let free = lane("free", price: 0)

    private static func lane(_ name: String, price: Int64, takesAttemptIDs: Bool = false) -> Lane {
        do {
            return try Lane([
                "name": .string(name), "price": .integer(price), "takesAttemptIDs": .bool(takesAttemptIDs),
            ])
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// The same requests with prices: some fail, some are paid for nothing, some are cancelled, and what a provider takes is mostly less than its
    /// price.
    mutating func priced(_ requests: [SimulatedDay.Request]) -> [SimulatedDay.Request] {
        requests.map { request in
            var request = request
            switch Int.random(in: 0..<10, using: &numbers) {
            case 0: request.lanes = LaneSet([Self.free])
            case 1..<4: request.lanes = LaneSet([Self.cheap, Self.good])
            default: request.lanes = LaneSet([Self.good, Self.cheap])
            }
            request.endings = endings()
            if Int.random(in: 0..<40, using: &numbers) == 0 {
                request.canceledAfter = .milliseconds(Int.random(in: 1..<60_000, using: &numbers))
            }
            return request
        }
    }

    private mutating func endings() -> [SimulatedDay.Ending] {
        switch Int.random(in: 0..<100, using: &numbers) {
        case 0..<6: [.failed, .made(cost: cost())]
        case 6..<9: [.failed, .failed, .failed]
        case 9..<12: [.lost(cost: nil), .made(cost: cost())]
        case 12..<14: [.lost(cost: cost()), .failed, .made(cost: nil)]
        case 14: [.lost(cost: nil), .lost(cost: nil)]
        default: [.made(cost: cost())]
        }
    }

    /// A share of the price in thousandths; nil: the provider does not say.
    private mutating func cost() -> Int? {
        let thousandths = Int.random(in: 300..<1100, using: &numbers)
        return thousandths < 1000 ? thousandths : nil
    }
}
