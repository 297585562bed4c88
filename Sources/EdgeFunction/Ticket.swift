// What admission returns: the work, and what decides whether it is new.

/// A request that became a job's input.
public struct Ticket: Sendable, Equatable {
    /// What ``JobFunction/run(_:)`` will get: complete and normalised, so that it needs no request.
    public var input: JSONObject
    /// Names everything that changes the result, 1 to 1,024 bytes; nil: the result is never cached.
    public var key: String?
    /// What quotas count; nil: the function's own.
    public var lane: String?
    /// Micro-dollars; nil: not known.
    public var price: Int64?
    /// The media types that the result can have: `image/*`.
    public var accept: String?
    /// Whether a cached result is not wanted.
    public var isFresh = false

    public init(
        input: JSONObject,
        key: String? = nil,
        lane: String? = nil,
        price: Int64? = nil,
        accept: String? = nil,
        isFresh: Bool = false
    ) {
        self.input = input
        self.key = key
        self.lane = lane
        self.price = price
        self.accept = accept
        self.isFresh = isFresh
    }

    var document: JSONValue {
        var document: JSONObject = ["input": .object(input), "key": key.map { .string($0) } ?? .null]
        document["lane"] = lane.map { .string($0) }
        document["price"] = price.map { .integer($0) } ?? .null
        document["accept"] = accept.map { .string($0) }
        if isFresh { document["fresh"] = true }
        return .object(document)
    }
}
