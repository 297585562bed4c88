// One way to have a job's work done: a provider with a model, what it costs, and what its provider allows.
internal import JSON

/// A candidate of a ticket. The host knows no provider: it reads names, prices and limits.
struct Lane: Equatable, Sendable {
    /// The function's own name for it, unique in a ticket: what a run is told.
    let name: String
    let provider: String
    /// nil where the function does not say: then the provider has one circuit for all.
    let model: String?
    /// What a quota counts: one provider with one key.
    private(set) var account: String
    /// Micro-dollars that the host's own accounts are charged; nil: unknown.
    var price: Int64?
    /// Its share where lanes are chosen by weight.
    let weight: Double
    let quota: Quota
    /// Whether its provider takes the attempt's id as its own, so that it can be asked what became of one.
    let takesAttemptIDs: Bool
    /// Whether it goes on the caller's own token.
    private(set) var isOwn = false

    /// The provider of the host's own work: told to nobody.
    static let hostProvider = "edge"
    var isOfHost: Bool { provider == Self.hostProvider }

    /// What a circuit is kept for. A caller's own account is one by itself: its failures are nobody else's.
    var route: String {
        let route = model.map { "\(provider)/\($0)" } ?? provider
        return isOwn ? "\(route) of \(account)" : route
    }

    /// The same on the caller's own account, which costs the host nothing.
    func own(account: String) -> Lane {
        var lane = self
        lane.isOwn = true
        lane.account = account
        lane.price = 0
        return lane
    }

    /// A lane of which only the name is known, as older tickets have it.
    init(name: String, price: Int64?) {
        self.name = name
        provider = name
        model = nil
        account = name
        self.price = price
        weight = 1
        quota = Quota()
        takesAttemptIDs = false
    }

    /// What a JSON member says, or why it is no lane.
    struct Mistake: Error, Equatable { let reason: String }

    init(_ json: JSONValue) throws(Mistake) {
        func text(_ key: String, orElse: String? = nil) throws(Mistake) -> String {
            guard let value = json[key], !value.isNull else {
                guard let orElse else { throw Mistake(reason: "a lane has no \"\(key)\"") }
                return orElse
            }
            guard let text = value.string, (1...Self.nameBytesMax).contains(text.utf8.count) else {
                throw Mistake(reason: "a lane's \"\(key)\" is no string of 1 to \(Self.nameBytesMax) bytes")
            }
            return text
        }
        name = try text("name")
        provider = try text("provider", orElse: name)
        let hasModel = json["model"].map { !$0.isNull } ?? false
        model = hasModel ? try text("model") : nil
        account = try text("account", orElse: provider)
        price = json["price"]?.integer
        weight = json["weight"]?.double ?? 1
        guard weight.isFinite, weight >= 0 else { throw Mistake(reason: "a lane's weight is negative") }
        try Self.check(price)
        quota = try Quota(json["quota"])
        takesAttemptIDs = json["takesAttemptIDs"]?.bool ?? false
        isOwn = json["own"]?.bool ?? false
    }

    /// Sums of prices must have room in a number.
    fileprivate static func check(_ price: Int64?) throws(Mistake) {
        guard let price, !(0...ChargeRow.amountMax).contains(price) else { return }
        throw Mistake(reason: "a lane's price of \(price) micro-dollars is not from 0 to \(ChargeRow.amountMax)")
    }

    /// A model name of 200 characters, four bytes each, and a provider's.
    private static let nameBytesMax = 1000

    var json: JSONValue {
        var object: JSONObject = [
            "name": .string(name), "provider": .string(provider), "account": .string(account),
            "price": price.map { .integer($0) } ?? .null,
        ]
        if let model { object.append("model", .string(model)) }
        if weight != 1 { object.append("weight", .double(weight)) }
        if let quota = quota.json { object.append("quota", quota) }
        if takesAttemptIDs { object.append("takesAttemptIDs", true) }
        if isOwn { object.append("own", true) }
        return .object(object)
    }
}

/// The candidates of a ticket and how one is chosen among them.
struct LaneSet: Equatable, Sendable {
    /// How the next lane is chosen.
    enum Choice: String, Sendable, CaseIterable {
        /// As listed.
        case order
        /// By price; what is unknown comes last.
        case cheapest
        /// By recent medians; what has none yet comes first, to be known.
        case fastest
        /// By chance, each in proportion to its weight.
        case weighted
    }

    let lanes: [Lane]
    let choice: Choice

    /// Lanes of one ticket.
    static let lanesMax = 16

    init(_ lanes: [Lane], choice: Choice = .order) {
        self.lanes = lanes
        self.choice = choice
    }

    /// From a ticket or a job file: `lanes` with `choose`, or the one `lane` of older ones.
    /// - Parameter function: what quotas count where the ticket names no lane.
    init(_ ticket: JSONValue, function: String) throws(Lane.Mistake) {
        guard let list = ticket["lanes"], !list.isNull else {
            let price = ticket["price"]?.integer
            try Lane.check(price)
            self.init([Lane(name: ticket["lane"]?.string ?? function, price: price)])
            return
        }
        guard let items = list.array, (1...Self.lanesMax).contains(items.count) else {
            throw Lane.Mistake(reason: "its \"lanes\" are no list of 1 to \(Self.lanesMax)")
        }
        var lanes: [Lane] = []
        for item in items {
            let lane = try Lane(item)
            guard !lanes.contains(where: { $0.name == lane.name }) else {
                throw Lane.Mistake(reason: "two of its lanes are called \"\(lane.name)\"")
            }
            lanes.append(lane)
        }
        var choice = Choice.order
        if let text = ticket["choose"]?.string {
            guard let known = Choice(rawValue: text) else {
                let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
                throw Lane.Mistake(reason: "its \"choose\" is none of \(names)")
            }
            choice = known
        }
        self.init(lanes, choice: choice)
    }

    /// The same with a price for each lane that has none.
    func priced(_ price: Int64) -> LaneSet {
        LaneSet(
            lanes.map { lane in
                var lane = lane
                lane.price = lane.price ?? ChargeRow.bounded(price)
                return lane
            },
            choice: choice
        )
    }

    /// To a job file that tells none yet.
    func write(to object: inout JSONObject) {
        object.append("lanes", .array(lanes.map { $0.json }))
        object.append("choose", .string(choice.rawValue))
    }

    /// The highest price that a run can have; nil when one lane's is unknown.
    var highestPrice: Int64? {
        var highest: Int64 = 0
        for lane in lanes {
            guard let price = lane.price else { return nil }
            highest = max(highest, price)
        }
        return highest
    }

    /// Whether all of them go on callers' own tokens.
    var isOwn: Bool { lanes.allSatisfy(\.isOwn) }

    /// The lanes in the order in which they are asked: those on the caller's own tokens before the host's.
    /// - Parameters:
    ///   - median: what a lane's runs have taken lately; nil: nobody knows.
    ///   - chance: 0 to below 1, asked once for each lane that is drawn.
    func ordered(median: (Lane) -> Duration?, chance: () -> Double) -> [Lane] {
        let ordered = chosen(median: median, chance: chance)
        return lanes.contains(where: \.isOwn) ? ordered.filter(\.isOwn) + ordered.filter { !$0.isOwn } : ordered
    }

    private func chosen(median: (Lane) -> Duration?, chance: () -> Double) -> [Lane] {
        switch choice {
        case .order: return lanes
        case .cheapest: return sorted { $0.price ?? .max }
        case .fastest: return sorted { median($0) ?? .zero }
        case .weighted:
            var left = lanes
            var drawn: [Lane] = []
            while !left.isEmpty {
                var point = chance() * left.reduce(0) { $0 + $1.weight }
                let index = left.firstIndex { lane in
                    point -= lane.weight
                    return point < 0
                }
                drawn.append(left.remove(at: index ?? left.count - 1))
            }
            return drawn
        }
    }

    /// Stable: of equal ones the first listed goes first.
    private func sorted<Rank: Comparable>(_ rank: (Lane) -> Rank) -> [Lane] {
        lanes.enumerated().map { (rank($0.element), $0.offset, $0.element) }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
            .map(\.2)
    }
}
