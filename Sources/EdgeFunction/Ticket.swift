// What admission returns: the work, and what decides whether it is new.

/// A request that became a job's input.
public struct Ticket: Sendable, Equatable {
    /// What ``JobFunction/run(_:)`` will get: complete and normalised, so that it needs no request.
    public var input: JSONObject
    /// Names everything that changes the result, 1 to 1,024 bytes; nil: the result is never cached.
    public var key: String?
    /// What quotas count where there are no ``lanes``; nil: the function's own.
    public var lane: String?
    /// Micro-dollars where there are no ``lanes``; nil: not known.
    public var price: Int64?
    /// The media types that the result can have: `image/*`.
    public var accept: String?
    /// Whether a cached result is not wanted.
    public var isFresh = false
    /// The ways in which the work can be done, best first: at most 16, with names of their own. None: ``lane``.
    public var lanes: [Lane] = []
    /// How the host chooses among them.
    public var choose = Lane.Choice.order
    /// The pictures that the work needs, by the SHA-256 that the request had in their place: the host keeps their files as long.
    public var inputs: [String] = []

    public init(
        input: JSONObject,
        key: String? = nil,
        lane: String? = nil,
        price: Int64? = nil,
        accept: String? = nil,
        isFresh: Bool = false,
        lanes: [Lane] = [],
        choose: Lane.Choice = .order,
        inputs: [String] = []
    ) {
        self.input = input
        self.key = key
        self.lane = lane
        self.price = price
        self.accept = accept
        self.isFresh = isFresh
        self.lanes = lanes
        self.choose = choose
        self.inputs = inputs
    }

    var document: JSONValue {
        var document: JSONObject = ["input": .object(input), "key": key.map { .string($0) } ?? .null]
        document["lane"] = lane.map { .string($0) }
        document["price"] = price.map { .integer($0) } ?? .null
        document["accept"] = accept.map { .string($0) }
        if isFresh { document["fresh"] = true }
        if !lanes.isEmpty {
            document["lanes"] = .array(lanes.map(\.document))
            document["choose"] = .string(choose.rawValue)
        }
        if !inputs.isEmpty { document["inputs"] = .array(inputs.map { .string($0) }) }
        return .object(document)
    }
}
