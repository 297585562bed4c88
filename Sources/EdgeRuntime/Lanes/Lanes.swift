// The quotas, circuits and run times of all lanes: what decides where a job's next run goes, and when.
internal import CivilTime
internal import EdgeLoop
internal import JSON

/// What holds a generation back, and until when at the latest it is worth while to look again.
struct LaneBlock: Equatable, Sendable {
    /// Who waits for the same thing shares a line: `account runware#1f0c`, `route runware/flux`.
    let line: String
    let until: Timestamp
    /// When it is expected to end; nil: nobody knows.
    let expected: Timestamp?
    /// For people: "its quota has room again at ...".
    let reason: String
    var isOpenCircuit = false
}

/// What is to be done with a generation that could run.
enum LaneVerdict: Equatable, Sendable {
    /// Run there. What was passed over on the way, and why.
    case go(Lane, passed: [LanePass])
    case blocked(LaneBlock)
}

/// A lane that was preferred and not taken.
struct LanePass: Equatable, Sendable {
    let lane: String
    let reason: String
}

/// All lanes of one host. Functions share what they share: two that use one key use one quota.
@LoopActor
final class Lanes {
    private var accounts: [String: QuotaUse] = [:]
    private var circuits: [String: RouteCircuit] = [:]
    private var times: [String: RunTimes] = [:]
    /// Until when a model said that it is loading.
    private var loading: [String: Timestamp] = [:]
    /// For the service document and metrics: the latest lane seen of each account and route.
    private(set) var known: [String: Lane] = [:]
    private var lastUse: [String: Timestamp] = [:]
    private let chance: @LoopActor () -> Double
    /// Told of lines in which the first may go on.
    var onFreed: @LoopActor (String) -> Void = { _ in }

    /// A place that is taken is not looked at more often: whoever gives it back says so.
    private static let shortestRound = Duration.milliseconds(100)
    /// How long a run takes where nobody knows yet.
    private static let usualRun = Duration.seconds(10)
    /// Routes that are kept.
    static let knownMax = 1000

    /// - Parameter chance: 0 to below 1; draws among weighted lanes.
    init(chance: @escaping @LoopActor () -> Double = { .random(in: 0..<1) }) {
        self.chance = chance
    }

    // MARK: Choosing

    /// Where the next run of this work goes.
    /// - Parameters:
    ///   - tried: lanes that have failed it.
    ///   - held: the lane whose provider works on it already: it goes on there and nowhere else.
    ///   - lateAfter: a run that would begin after this is late: another lane is taken if one is free.
    ///   - ahead: how many wait in a line already.
    func verdict(
        for set: LaneSet,
        tried: Set<String> = [],
        held: Lane? = nil,
        lateAfter: Timestamp,
        now: Timestamp,
        ahead: (String) -> Int
    ) -> LaneVerdict {
        if let held { return .go(held, passed: []) }
        let ordered = set.ordered(median: { times[$0.route]?.median }, chance: chance)
        let open = ordered.filter { !tried.contains($0.name) }
        var passed = ordered.filter { tried.contains($0.name) }.map {
            LanePass(lane: $0.name, reason: "it has failed for this job")
        }
        var best: LaneBlock?
        for lane in open.isEmpty ? ordered : open {
            guard let block = block(of: lane, now: now, ahead: ahead) else {
                return .go(lane, passed: open.isEmpty ? [] : passed)
            }
            passed.append(LanePass(lane: lane.name, reason: block.reason))
            // The preferred lane is waited for when that is in time; else whichever is free first.
            if best == nil, block.until <= lateAfter, !block.isOpenCircuit { return .blocked(block) }
            if best.map({ block.until < $0.until }) ?? true { best = block }
        }
        return .blocked(
            best ?? LaneBlock(line: "route", until: now + .seconds(1), expected: nil, reason: "no lane is left")
        )
    }

    /// What would hold work back that came now; nil: nothing does.
    func block(for set: LaneSet, lateAfter: Timestamp, now: Timestamp, ahead: (String) -> Int) -> LaneBlock? {
        if case .blocked(let block) = verdict(for: set, lateAfter: lateAfter, now: now, ahead: ahead) { return block }
        return nil
    }

    private func block(of lane: Lane, now: Timestamp, ahead: (String) -> Int) -> LaneBlock? {
        if let until = circuits[lane.route]?.closedUntil(now: now) {
            return LaneBlock(
                line: "route \(lane.route)",
                until: until,
                expected: circuits[lane.route]?.state == .probing ? nil : until,
                reason: "its circuit is open until \(until.iso8601)",
                isOpenCircuit: true
            )
        }
        guard let use = accounts[lane.account] else { return nil }
        let line = "account \(lane.account)"
        let waiting = ahead(line)
        let next = use.next(lane.quota, now: now, ahead: waiting)
        if !use.hasSlot(lane.quota), let atOnce = lane.quota.atOnce {
            // Nobody knows when a run ends: as long from now as runs have taken lately, for each round of those ahead.
            let median = times[lane.route]?.median
            let round = max(median ?? Self.usualRun, Self.shortestRound)
            return LaneBlock(
                line: line,
                until: max(next, now + round * (waiting / atOnce + 1)),
                expected: median.map { max(next, use.placeFrees(after: waiting, atOnce: atOnce, runs: $0, now: now)) },
                reason: "its \(atOnce) calls at once are taken"
            )
        }
        guard next > now else { return nil }
        let told = use.blockedUntil.map { $0 >= next } ?? false
        return LaneBlock(
            line: line,
            until: next,
            expected: next,
            reason: told
                ? "its provider told us to wait until \(next.iso8601)" : "its quota has room again at \(next.iso8601)"
        )
    }

    /// Whether another lane than this one could begin a run now and is not loading.
    func hasWarm(beside lane: Lane, in set: LaneSet, tried: Set<String>, now: Timestamp) -> Bool {
        set.lanes.contains { other in
            other.name != lane.name && !tried.contains(other.name) && (loading[other.route] ?? now) <= now
                && block(of: other, now: now, ahead: { _ in 0 }) == nil
        }
    }

    // MARK: What runs tell

    func began(_ lane: Lane, at now: Timestamp) {
        let route = remember(lane, now: now)
        accounts[lane.account, default: QuotaUse()].began(at: now)
        circuits[route, default: RouteCircuit()].began(at: now)
    }

    /// The call goes out only now, the file having been written.
    func left(_ lane: Lane, at now: Timestamp) { accounts[lane.account]?.left(at: now) }

    /// At start: a task that the provider works on, begun by an earlier host.
    func goesOn(_ lane: Lane, at now: Timestamp) {
        remember(lane, now: now)
        accounts[lane.account, default: QuotaUse()].goesOn()
    }

    /// At start: a call that the job files tell of.
    func restore(account: String, started: Timestamp, blockedUntil: Timestamp?) {
        accounts[account, default: QuotaUse()].restore(started)
        if let blockedUntil { accounts[account]?.block(until: blockedUntil) }
    }

    /// How a run on a lane ended, as far as the lane is concerned.
    enum Ending: Equatable {
        case succeeded(took: Duration)
        case failed
        /// 429: the whole account stays away until then.
        case limited(until: Timestamp)
        /// 503 of a model that loads.
        case loading(until: Timestamp)
        /// A refusal, a cancellation: nothing about the provider's health.
        case neither
    }

    /// - Returns: whether this has opened the lane's circuit.
    @discardableResult
    func ended(_ lane: Lane, _ ending: Ending, at now: Timestamp) -> Bool {
        let route = lane.route
        accounts[lane.account]?.ended()
        var hasOpened = false
        switch ending {
        case .succeeded(let took):
            circuits[route, default: RouteCircuit()].succeeded()
            times[route, default: RunTimes()].add(took)
            if !loading.isEmpty { loading[route] = nil }
        case .failed: hasOpened = circuits[route, default: RouteCircuit()].failed(at: now)
        case .limited(let until):
            accounts[lane.account, default: QuotaUse()].block(until: until)
            circuits[route]?.toldNothing(at: now)
        case .loading(let until):
            loading[route] = until
            circuits[route]?.toldNothing(at: now)
        case .neither: circuits[route]?.toldNothing(at: now)
        }
        onFreed("account \(lane.account)")
        onFreed("route \(route)")
        return hasOpened
    }

    /// The account stays away until then, while its provider goes on with what it has.
    func block(_ lane: Lane, until moment: Timestamp) {
        accounts[lane.account, default: QuotaUse()].block(until: moment)
    }

    /// The provider has taken the work on: it is well, however long the task takes.
    func accepted(_ lane: Lane) {
        guard circuits[lane.route]?.state == .probing else { return }
        circuits[lane.route]?.succeeded()
        onFreed("route \(lane.route)")
    }

    /// A question about a task failed; the task itself may go on.
    func failed(_ lane: Lane, at now: Timestamp) { _ = circuits[lane.route, default: RouteCircuit()].failed(at: now) }

    /// Settings have changed, and with them perhaps what failed: nobody waits for a circuit of before.
    func closeCircuits() {
        let open = circuits.filter { $0.value.state != .closed }.keys
        circuits = [:]
        for route in open { onFreed("route \(route)") }
    }

    // MARK: What others see

    func circuit(of lane: Lane) -> RouteCircuit.State { circuits[lane.route]?.state ?? .closed }
    func use(of lane: Lane) -> QuotaUse { accounts[lane.account] ?? QuotaUse() }
    func median(of lane: Lane) -> Duration? { times[lane.route]?.median }

    /// - Returns: its route.
    @discardableResult
    private func remember(_ lane: Lane, now: Timestamp) -> String {
        let route = lane.route
        if known.count >= Self.knownMax, known[route] == nil { forgetOldest(now: now) }
        known[route] = lane
        lastUse[route] = now
        return route
    }

    /// Callers may name any model: a tenth goes, those that were asked longest ago, and what they alone knew.
    private func forgetOldest(now: Timestamp) {
        for (route, _) in lastUse.sorted(by: { $0.value < $1.value }).prefix(Self.knownMax / 10) {
            (known[route], circuits[route], times[route], loading[route], lastUse[route]) = (nil, nil, nil, nil, nil)
        }
        accounts = accounts.filter { !$0.value.isIdle(now: now) }
    }
}
