// One function's work: what goes next, what runs, and when the rest is expected to begin.
internal import Callers
internal import CivilTime

/// The order of one function's work. Pure: time is an argument, and what holds work back is asked for.
///
/// Work is ready, or waits in the line of a lane that has held it back. Both follow the same order: by tier (``TierShares``), and
/// inside a tier by user (``UserTurns``). Whatever runs has one of the function's places (``KeptPlaces``).
struct WorkOrder<ID: Hashable & Sendable>: Sendable {
    /// What is asked of lanes: what holds work back; nil: nothing does.
    /// - Parameter ahead: how many wait in a line and go before it.
    typealias Gate = (ID, _ ahead: (String) -> Int) -> LaneBlock?

    private struct HeldLine: Sendable {
        var line = WorkLine<ID>()
        /// When the first one looks again, if nobody says earlier that the lane is free.
        var until: Timestamp
    }

    private struct Run: Sendable {
        let id: ID
        let tier: Tier
        let began: Timestamp
    }

    /// Of what may be next.
    private struct Candidate {
        let id: ID
        let tier: Tier
        /// nil: it is ready.
        let line: String?
        /// Whether it comes by weight, for some tier is late.
        let isShared: Bool
    }

    private var ready = WorkLine<ID>()
    private var lines: [String: HeldLine] = [:]
    private var shares: TierShares
    private(set) var places: KeptPlaces
    /// In the order in which they began.
    private var runs: [Run] = []
    private var running = ByTier { _ in 0 }
    /// How long places were taken lately.
    private var times = RunTimes(kept: 100)
    private var latest = LatestStarts()

    init(places: Int, _ rules: TierTable = TierTable()) {
        self.places = KeptPlaces(places: places, rules)
        shares = TierShares(rules)
    }

    mutating func use(places: Int, _ rules: TierTable) {
        self.places = KeptPlaces(places: places, rules)
        shares.use(rules)
    }

    var runningCount: Int { runs.count }
    /// How many are ready or wait in a line.
    var count: Int { lines.values.reduce(ready.count) { $0 + $1.line.count } }

    // MARK: Work comes and goes

    mutating func add(_ id: ID, _ standing: Standing) {
        remove(id)
        ready.add(id, standing)
    }

    mutating func remove(_ id: ID) {
        ready.remove(id)
        guard let name = line(of: id) else { return }
        lines[name]?.line.remove(id)
        if lines[name]?.line.count == 0 { lines[name] = nil }
    }

    /// Another standing for one that waits; nothing when it does not.
    mutating func change(_ id: ID, to standing: Standing) {
        if ready.contains(id) { return ready.add(id, standing) }
        if let name = line(of: id) { lines[name]?.line.add(id, standing) }
    }

    /// Starts what comes now, if a place is free, nothing else is ready, and no lane holds it back.
    mutating func takePlace(_ id: ID, _ standing: Standing, now: Timestamp, gate: Gate) -> Bool {
        guard ready.count == 0, places.allows(standing.tier, running: running),
            gate(id, { ahead(ofNew: standing, in: $0, now: now) }) == nil
        else { return false }
        begin(id, standing.tier, now)
        return true
    }

    /// Takes the next one that may begin; it has a place then.
    mutating func next(now: Timestamp, gate: Gate) -> ID? {
        while runs.count < places.places, let candidate = candidate(now: now) {
            let standing = held(candidate.line).standing(of: candidate.id)
            let block = gate(candidate.id) { name in
                // None of its own line goes before the one whose turn it is.
                name == candidate.line ? 0 : standing.map { ahead(ofNew: $0, in: name, now: now) } ?? 0
            }
            guard let block else {
                if candidate.isShared { shares.took(candidate.tier) }
                take(candidate)
                begin(candidate.id, candidate.tier, now)
                return candidate.id
            }
            // Never now, also where the clock is set back meanwhile.
            let until = max(block.until, now + .milliseconds(1))
            if block.line == candidate.line {
                lines[block.line]?.until = until
                continue
            }
            take(candidate)
            guard let standing else { continue }
            let isFirst = ahead(ofNew: standing, in: block.line, now: now) == 0
            lines[block.line, default: HeldLine(until: until)].line.add(candidate.id, standing)
            if isFirst { lines[block.line]?.until = until }
        }
        return nil
    }

    /// Gives a place back.
    /// - Parameter tells: whether its time tells something of those to come.
    mutating func ended(_ id: ID, now: Timestamp, tells: Bool = true) {
        guard let index = runs.firstIndex(where: { $0.id == id }) else { return }
        let run = runs.remove(at: index)
        running[run.tier] -= 1
        if tells { times.add(max(now - run.began, .zero)) }
    }

    /// Whoever is first in this line may find its lane free now.
    /// - Returns: whether anybody waits there.
    mutating func freed(_ name: String) -> Bool {
        guard lines[name] != nil else { return false }
        lines[name]?.until = Timestamp(milliseconds: 0)
        return true
    }

    /// When to ask again although nothing is told.
    /// - Parameter asked: when ``next(now:gate:)`` was asked last. A line that was due then waits for a place.
    func looksAgain(after asked: Timestamp) -> Timestamp? {
        guard runs.count < places.places else { return nil }
        return lines.values.lazy.compactMap { $0.until > asked ? $0.until : nil }.min()
    }

    private mutating func begin(_ id: ID, _ tier: Tier, _ now: Timestamp) {
        runs.append(Run(id: id, tier: tier, began: now))
        running[tier] += 1
        latest.add(tier, now)
    }

    private mutating func take(_ candidate: Candidate) {
        guard let name = candidate.line else { return ready.take(candidate.id) }
        lines[name]?.line.take(candidate.id)
        if lines[name]?.line.count == 0 { lines[name] = nil }
    }

    // MARK: The choice

    private func candidate(now: Timestamp) -> Candidate? {
        let late = lateTier(now) { tier in
            guard places.allows(tier, running: running) else { return nil }
            return earliest(tier, now).map { (count(of: tier, now), $0) }
        }
        let tier = shares.choose(late: late) { places.allows($0, running: running) ? earliest($0, now) : nil }
        guard let tier, let startBy = earliest(tier, now) else { return nil }
        // Those that a lane has held back came earlier than those that are ready.
        let names = lines.lazy.filter { $0.value.until <= now && $0.value.line.earliest(tier) == startBy }.map(\.key)
        if let name = names.min(), let id = held(name).first(of: tier) {
            return Candidate(id: id, tier: tier, line: name, isShared: late != nil)
        }
        return ready.first(of: tier).map { Candidate(id: $0, tier: tier, line: nil, isShared: late != nil) }
    }

    /// By when the first of a tier is meant to begin, of all that could begin now.
    private func earliest(_ tier: Tier, _ now: Timestamp) -> Timestamp? {
        var earliest = ready.earliest(tier)
        for held in lines.values where held.until <= now {
            guard let other = held.line.earliest(tier) else { continue }
            earliest = min(earliest ?? other, other)
        }
        return earliest
    }

    private func count(of tier: Tier, _ now: Timestamp) -> Int {
        lines.values.reduce(ready.count(of: tier)) { $1.until <= now ? $0 + $1.line.count(of: tier) : $0 }
    }

    /// The least tier that has more work than can begin in time.
    private func lateTier(_ now: Timestamp, _ work: (Tier) -> (count: Int, earliest: Timestamp)?) -> Tier? {
        let pace = times.median.map { $0 / places.places }
        return Tier.upwards.first { tier in
            guard let work = work(tier) else { return false }
            return shares.isLate(tier, count: work.count, earliest: work.earliest, pace: pace, now: now)
        }
    }

    private func lateTier(in line: WorkLine<ID>, _ now: Timestamp) -> Tier? {
        lateTier(now) { tier in line.earliest(tier).map { (line.count(of: tier), $0) } }
    }

    // MARK: Places and estimates

    /// How many are expected to go before it, plus one; nil when it is neither ready nor in a line.
    func position(of id: ID, now: Timestamp) -> Int? {
        ahead(of: id, in: held(line(of: id)), now: now).map { $0.all + 1 }
    }

    /// When it is expected to begin; ``StartEstimate/unknown`` while nobody can know.
    func estimate(of id: ID, now: Timestamp, gate: Gate) -> StartEstimate {
        let name = line(of: id)
        guard let standing = held(name).standing(of: id), let before = ahead(of: id, in: held(name), now: now)
        else { return .unknown }
        guard let name else { return readyEstimate(id, standing, before, now, gate) }
        let block = gate(id) { $0 == name ? before.all : ahead(ofNew: standing, in: $0, now: now) }
        let lane = StartEstimate(block, now: now)
        if places.allows(standing.tier, running: running) { return lane }
        return lane.later(placeFrees(standing.tier, before, now))
    }

    /// When one would be expected to begin that came now.
    func estimate(ofNew id: ID, _ standing: Standing, now: Timestamp, gate: Gate) -> StartEstimate {
        readyEstimate(id, standing, ahead(ofNew: standing, in: ready, now: now), now, gate)
    }

    /// Whether work would be expected to go earlier with another standing.
    func isBetter(_ standing: Standing, for id: ID, now: Timestamp) -> Bool {
        let line = held(line(of: id))
        guard let before = ahead(of: id, in: line, now: now) else { return false }
        return ahead(ofNew: standing, in: line, now: now).all < before.all
    }

    private func readyEstimate(
        _ id: ID,
        _ standing: Standing,
        _ before: WorkLine<ID>.Ahead,
        _ now: Timestamp,
        _ gate: Gate
    ) -> StartEstimate {
        // Those that are ready before it are taken to go to the lane that it wants.
        let lane = StartEstimate(gate(id) { ahead(ofNew: standing, in: $0, now: now) + before.all }, now: now)
        if before.all == 0, places.allows(standing.tier, running: running) { return lane }
        return lane.later(placeFrees(standing.tier, before, now))
    }

    private func placeFrees(_ tier: Tier, _ before: WorkLine<ID>.Ahead, _ now: Timestamp) -> StartEstimate {
        let median = times.median
        // While it waits, better tiers' work goes on to come as it has lately, and goes before it.
        let own = median.map { Double(before.own) / (1 - latest.share(above: tier, $0, places.places, now: now)) }
        return .place(
            after: max(before.all, Int(own ?? 0)),
            began: runs.lazy.map(\.began),
            median: median,
            places: places[tier],
            now: now
        )
    }

    /// The line that it waits in; nil: it is ready, or not here.
    private func line(of id: ID) -> String? {
        lines.isEmpty || ready.contains(id) ? nil : lines.first { $0.value.line.contains(id) }?.key
    }

    private func held(_ name: String?) -> WorkLine<ID> { name.flatMap { lines[$0]?.line } ?? ready }

    private func ahead(ofNew standing: Standing, in name: String, now: Timestamp) -> Int {
        lines[name].map { ahead(ofNew: standing, in: $0.line, now: now).all } ?? 0
    }

    private func ahead(of id: ID, in line: WorkLine<ID>, now: Timestamp) -> WorkLine<ID>.Ahead? {
        line.ahead(of: id, shares, late: lateTier(in: line, now))
    }

    private func ahead(ofNew standing: Standing, in line: WorkLine<ID>, now: Timestamp) -> WorkLine<ID>.Ahead {
        line.ahead(ofNew: standing, shares, late: lateTier(in: line, now))
    }
}
