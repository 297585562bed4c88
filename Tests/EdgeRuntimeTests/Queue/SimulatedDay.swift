// A day of a host in virtual time, over the code that limits, orders and pays for its work.
import Callers
import CivilTime
import Ledger
import Limits

@testable import EdgeRuntime

/// Requests come, run and end by a clock that the day moves itself; whatever is decided about them, the host's own code decides.
struct SimulatedDay {
    /// How one run ends. Costs are in thousandths of the lane's price.
    enum Ending {
        /// With a result; nil: its provider does not say what it cost.
        case made(cost: Int?)
        /// With nothing, and nothing was paid.
        case failed
        /// With nothing, and the provider says what it has taken; nil: nobody knows whether it has.
        case lost(cost: Int?)
    }

    struct Request {
        let at: Timestamp
        let caller: Caller
        let takes: Duration
        var lanes = LaneSet([DayTraffic.free])
        /// Of its runs, one after the other; the job ends with the last.
        var endings: [Ending] = [.made(cost: nil)]
        /// When its caller does not want it any more, should it not have ended by then.
        var canceledAfter: Duration?
    }

    enum Refusal: Equatable {
        case limit(LimitGauge.Kind)
        /// It would begin too late.
        case busy
        /// The budget that has no room; nil: paid work was stopped by hand.
        case money(String?)
        /// There was no host.
        case away
    }

    enum End: Equatable { case made, failed, canceled, noMoney }

    /// What became of one request.
    struct Fate {
        let caller: Caller
        let at: Timestamp
        /// In whose order it went.
        var tier: Tier
        var began: Timestamp?
        var estimate: Timestamp?
        /// Told to come back after so long.
        var refused: Duration?
        var refusal: Refusal?
        var end: End?
        /// Micro-dollars of all its charges.
        var spent: Int64 = 0

        var waited: Duration? { began.map { $0 - at } }
    }

    /// What happens at a moment that is known before.
    private enum Event {
        case arrives(Int), cancels(Int)
        case saves, crashes, starts, stops, resumes
    }

    let rules: TierTable
    let places: Int
    /// nil: nothing is counted.
    var limits: LimitSettings?
    /// nil: nothing is remembered.
    var money: LedgerSettings?
    /// When the host dies, and for how long it is away.
    var crashes: [Timestamp] = []
    var away = Duration.seconds(5)
    /// When the operator stops paid work by hand, and lets it go on after that or after the day's amount was spent.
    var stops: [Timestamp] = []
    var resumes: [Timestamp] = []

    init(places: Int, rules: TierTable = TierTable()) {
        self.places = places
        self.rules = rules
    }

    func run(_ requests: [Request]) async throws -> [Fate] { try await live(requests).fates }

    /// - Returns: the host at the end of the day, when everything has ended.
    func live(_ requests: [Request]) async throws -> SimulatedHost {
        let host = try SimulatedHost(self, requests)
        var events = events(requests)[...]
        var steps = 0
        while true {
            // Other tests have only a few threads too.
            steps += 1
            if steps % 50 == 0 { await Task.yield() }
            let due = host.nextDue
            let now: Timestamp
            if let due, events.first.map({ due <= $0.at }) ?? true {
                now = due
                try host.goOn(now: now)
            } else if let event = events.popFirst() {
                now = event.at
                switch event.event {
                case .arrives(let id): host.arrives(id, now: now)
                case .cancels(let id): try host.cancels(id, now: now)
                case .saves: host.savesCounts(now: now)
                case .crashes: host.crashes()
                case .starts: try host.starts(now: now)
                case .stops: host.stopsPaidWork()
                case .resumes: host.resumesPaidWork(now: now)
                }
            } else {
                break
            }
            try host.pump(now: now)
        }
        try host.closes()
        return host
    }

    private func events(_ requests: [Request]) -> [(at: Timestamp, event: Event)] {
        var events: [(at: Timestamp, event: Event)] = []
        for (id, request) in requests.enumerated() {
            events.append((request.at, .arrives(id)))
            if let pause = request.canceledAfter { events.append((request.at + pause, .cancels(id))) }
        }
        if limits != nil { events += (1..<24).map { (DayTraffic.at($0 * 3600), .saves) } }
        for crash in crashes { events += [(crash, .crashes), (crash + away, .starts)] }
        events += stops.map { ($0, .stops) } + resumes.map { ($0, .resumes) }
        let order = events.indices.sorted { (events[$0].at, $0) < (events[$1].at, $1) }
        return order.map { events[$0] }
    }
}
