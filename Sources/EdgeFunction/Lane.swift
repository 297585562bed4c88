// One way in which a job can be done, as a ticket names it to the host.

/// A provider and model that can do a job. The host chooses among a ticket's lanes, keeps each inside its quota, and goes on to another
/// one when it fails.
public struct Lane: Sendable, Equatable {
    /// Unique in its ticket; a run is told it.
    public var name: String
    public var provider: String
    public var model: String?
    /// What a quota counts by: the provider and a short hash of the key. Never the key.
    public var account: String
    /// Micro-dollars; nil: not known.
    public var price: Int64?
    /// How often it is chosen among weighted lanes, against the other ones.
    public var weight: Double
    public var quota: Quota?
    /// Whether the provider takes the attempt's id as the id of its own request, so that it can be asked what became of one.
    public var takesAttemptIDs: Bool
    /// Whether it goes on the caller's own token (``Request/ownTokens``): the host puts it on that token's account, at no price.
    public var isOwn: Bool

    public init(
        name: String,
        provider: String,
        model: String? = nil,
        account: String? = nil,
        price: Int64? = nil,
        weight: Double = 1,
        quota: Quota? = nil,
        takesAttemptIDs: Bool = false,
        isOwn: Bool = false
    ) {
        self.name = name
        self.provider = provider
        self.model = model
        self.account = account ?? provider
        self.price = price
        self.weight = weight
        self.quota = quota
        self.takesAttemptIDs = takesAttemptIDs
        self.isOwn = isOwn
    }

    var document: JSONValue {
        var document: JSONObject = [
            "name": .string(name), "provider": .string(provider), "model": model.map { .string($0) } ?? .null,
            "account": .string(account), "price": price.map { .integer($0) } ?? .null, "weight": .double(weight),
        ]
        document["quota"] = quota?.document
        document["takesAttemptIDs"] = .bool(takesAttemptIDs)
        if isOwn { document["own"] = true }
        return .object(document)
    }

    /// How the host chooses among the lanes of a ticket.
    public enum Choice: String, Sendable, CaseIterable {
        /// The first that can be used.
        case order
        /// By price, lowest first; those without one come last.
        case cheapest
        /// By the recent median of their times.
        case fastest
        /// By chance, by their weights.
        case weighted
    }
}

/// What a provider allows one account. What is nil is not limited.
public struct Quota: Sendable, Equatable {
    /// From the beginning of one call to the beginning of the next.
    public var every: Duration?
    public var hour: Int?
    public var day: Int?
    public var atOnce: Int?

    public init(every: Duration? = nil, hour: Int? = nil, day: Int? = nil, atOnce: Int? = nil) {
        self.every = every
        self.hour = hour
        self.day = day
        self.atOnce = atOnce
    }

    /// As a ticket has it.
    public var document: JSONValue {
        var document = JSONObject()
        document["every"] = every.map { .double($0 / .seconds(1)) }
        document["hour"] = hour.map { .integer(Int64($0)) }
        document["day"] = day.map { .integer(Int64($0)) }
        document["atOnce"] = atOnce.map { .integer(Int64($0)) }
        return .object(document)
    }
}
