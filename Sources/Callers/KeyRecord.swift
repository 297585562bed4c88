// What is kept of an API key: everything but the key.
package import CivilTime
internal import Digest
package import JSON

/// One key of keys.json.
package struct KeyRecord: Sendable, Equatable {
    package enum Role: String, Sendable, CaseIterable {
        /// Calls functions.
        case caller
        /// Reads the operator's own endpoints, and calls no function.
        case operate = "operator"
    }

    /// An earlier secret of a key that was rotated.
    package struct Earlier: Sendable, Equatable {
        package let hash: [UInt8]
        package let ends: Timestamp
    }

    /// Earlier secrets that are kept; one that was rotated more often than this lets the oldest end at once.
    package static let earlierMax = 4

    /// Ten letters and digits; part of the caller's id, and stays the same when the key is rotated.
    package let id: String
    package let name: String
    package let role: Role
    package let tier: Tier
    /// Whether it may name an end user and a group.
    package let actsForOthers: Bool
    /// Whether pictures for its callers may show what is not safe for work.
    package let allowsNSFW: Bool
    package let created: Timestamp
    /// What it may spend; nil: as much as everybody.
    package let budget: KeyBudget?
    package private(set) var hash: [UInt8]
    package private(set) var earlier: [Earlier] = []
    package private(set) var revoked: Timestamp?

    package init(
        name: String,
        role: Role,
        tier: Tier,
        actsForOthers: Bool,
        allowsNSFW: Bool = true,
        budget: KeyBudget? = nil,
        key: APIKey,
        now: Timestamp
    ) {
        self.budget = budget
        id = String(Base32Text.text(of: randomBytes(7)).prefix(10))
        self.name = name
        self.role = role
        self.tier = tier
        self.actsForOthers = actsForOthers
        self.allowsNSFW = allowsNSFW
        created = now
        hash = key.hash
    }

    package mutating func revoke(now: Timestamp) {
        revoked = revoked ?? now
        earlier = []
    }

    /// Goes over to another secret; the one so far is good for `grace` more.
    package mutating func rotate(to key: APIKey, grace: Duration, now: Timestamp) {
        earlier.removeAll { $0.ends <= now }
        if grace > .zero { earlier.append(Earlier(hash: hash, ends: now + grace)) }
        if earlier.count > Self.earlierMax { earlier.removeFirst() }
        hash = key.hash
    }

    // MARK: JSON

    package var json: JSONValue {
        var object: JSONObject = [
            "id": .string(id), "name": .string(name), "role": .string(role.rawValue), "tier": .string(tier.rawValue),
            "onBehalf": .bool(actsForOthers), "created": .string(created.iso8601),
            "sha256": .string(Hex.text(of: hash)),
        ]
        if !allowsNSFW { object["nsfw"] = false }
        if !earlier.isEmpty {
            object["earlier"] = .array(
                earlier.map { ["sha256": .string(Hex.text(of: $0.hash)), "until": .string($0.ends.iso8601)] }
            )
        }
        object["budget"] = budget?.json
        object["revoked"] = revoked.map { .string($0.iso8601) }
        return .object(object)
    }

    /// Nil when the value is no record as ``json`` writes it.
    package init?(_ json: JSONValue) {
        guard let id = json["id"]?.string, Caller.isName(id), let name = json["name"]?.string,
            let role = json["role"]?.string.flatMap(Role.init), let tier = json["tier"]?.string.flatMap(Tier.init),
            let onBehalf = json["onBehalf"]?.bool,
            let created = json["created"]?.string.flatMap({ Timestamp(iso8601: $0) }),
            let hash = json["sha256"]?.string.flatMap(Self.digest)
        else { return nil }
        self.id = id
        self.name = name
        self.role = role
        self.tier = tier
        actsForOthers = onBehalf
        allowsNSFW = json["nsfw"]?.bool ?? true
        self.created = created
        self.hash = hash
        // One that cannot be read must not become none: the whole record is refused.
        if let value = json["budget"] {
            guard let budget = KeyBudget(value) else { return nil }
            self.budget = budget
        } else {
            budget = nil
        }
        for element in json["earlier"]?.array ?? [] {
            guard let hash = element["sha256"]?.string.flatMap(Self.digest),
                let ends = element["until"]?.string.flatMap({ Timestamp(iso8601: $0) })
            else { return nil }
            earlier.append(Earlier(hash: hash, ends: ends))
        }
        if let text = json["revoked"] {
            guard let time = text.string.flatMap({ Timestamp(iso8601: $0) }) else { return nil }
            revoked = time
        }
    }

    private static func digest(_ text: String) -> [UInt8]? {
        guard text.utf8.count == 64 else { return nil }
        let digits = Array(text.utf8)
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: 64, by: 2) {
            guard let high = digit(digits[place]), let low = digit(digits[place + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 97...102: byte - 87
        default: nil
        }
    }
}
