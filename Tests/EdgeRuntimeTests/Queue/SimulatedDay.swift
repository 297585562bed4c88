// A day of a host in virtual time, over the code that orders its work.
import Callers
import CivilTime

@testable import EdgeRuntime

/// Requests come, run and end by a clock that the day moves itself; order, places, estimates and refusals are the host's own.
struct SimulatedDay {
    struct Request {
        let at: Timestamp
        let caller: Caller
        let takes: Duration
    }

    /// What became of one request.
    struct Fate {
        let caller: Caller
        let at: Timestamp
        var began: Timestamp?
        var estimate: Timestamp?
        /// Told to come back after so long.
        var refused: Duration?

        var waited: Duration? { began.map { $0 - at } }
    }

    private enum Event {
        case arrives(Int)
        case ends(Int)
    }

    let rules: TierTable
    let places: Int
    /// What else may refuse a request (limits, a budget); nil: nothing does.
    var refuse: (Request) -> Duration? = { _ in nil }
    /// Told of each that has run (a ledger).
    var onEnd: (Request) -> Void = { _ in }

    init(places: Int, rules: TierTable = TierTable()) {
        self.places = places
        self.rules = rules
    }

    func run(_ requests: [Request]) async -> [Fate] {
        var order = WorkOrder<Int>(places: places, rules)
        var fates = requests.map { Fate(caller: $0.caller, at: $0.at) }
        var arrivals = requests.indices.sorted { requests[$0].at < requests[$1].at }[...]
        // Few run at once: the next one to end is found by looking.
        var ends: [(at: Timestamp, id: Int)] = []
        let free: WorkOrder<Int>.Gate = { _, _ in nil }
        var steps = 0
        while !arrivals.isEmpty || !ends.isEmpty {
            // Other tests have only a few threads too.
            steps += 1
            if steps % 50 == 0 { await Task.yield() }
            let arrives = arrivals.first.map { requests[$0].at }
            let ended = ends.indices.min { ends[$0].at < ends[$1].at }
            let now: Timestamp
            if let ended, arrives.map({ ends[ended].at <= $0 }) ?? true {
                let end = ends.remove(at: ended)
                now = end.at
                order.ended(end.id, now: now)
                onEnd(requests[end.id])
            } else if let id = arrivals.popFirst() {
                let request = requests[id]
                now = request.at
                let tier = request.caller.tier
                let standing = Standing(
                    tier: tier,
                    user: QueueUser(request.caller),
                    startBy: now + rules[tier].wait
                )
                let estimate = order.estimate(ofNew: id, standing, now: now, gate: free).moment
                fates[id].estimate = estimate
                fates[id].refused = refuse(request) ?? rules[tier].excess(of: estimate, arrived: now)
                if fates[id].refused == nil { order.add(id, standing) }
            } else {
                break
            }
            while let id = order.next(now: now, gate: free) {
                fates[id].began = now
                ends.append((now + requests[id].takes, id))
            }
        }
        return fates
    }
}
