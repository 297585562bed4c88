// Who asks.
package import CivilTime
package import JSON

/// One caller, as far as it is known. The id says how: `key:...`, `user:...`, `role:...`, or `ip:...` for nobody known.
package struct Caller: Sendable, Equatable {
    /// Never a key or a token; what limits and log lines name.
    package var id: String
    package var tier = Tier.free
    /// Whether a key or a token says who it is.
    package var isKnown = false
    /// Whom a key with that right acts for.
    package var user: String?
    package var group: String?
    /// Where it asks from, if that counts: the address of a stranger, and of a user where limits go by address.
    package var address: String?
    /// Whether pictures for it may show what is not safe for work; false: providers that can check do, and functions are told.
    package var allowsNSFW = true
    /// When what it showed ends; nil: not of itself.
    package var ends: Timestamp?

    package init(
        id: String,
        tier: Tier = .free,
        isKnown: Bool = false,
        user: String? = nil,
        group: String? = nil,
        address: String? = nil,
        ends: Timestamp? = nil
    ) {
        self.id = id
        self.address = address ?? (id.hasPrefix(Self.strangers) ? String(id.dropFirst(Self.strangers.count)) : nil)
        self.tier = tier
        self.isKnown = isKnown
        self.user = user
        self.group = group
        self.ends = ends
    }

    /// What the ids of those begin with whom nobody knows.
    private static let strangers = "ip:"

    /// Who acts for nobody else: the operator on this machine, by a file in the inbox or a command.
    package static let local = Caller(id: "local")

    /// Whose things these are, such as tokens of one's own: the end user's where one is named, within the key that names it. Nil for
    /// strangers.
    package var owner: String? { isKnown ? user.map { "\(id) \($0)" } ?? id : nil }

    /// Bytes of a name of an end user or a group.
    package static let nameBytesMax = 128

    /// Whether a text can name an end user or a group: visible ASCII, so that no log or header shows anything else.
    package static func isName(_ text: String) -> Bool {
        (1...nameBytesMax).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }

    // MARK: JSON

    /// What a job file keeps: never what was shown.
    package var json: JSONValue {
        var object: JSONObject = ["id": .string(id), "tier": .string(tier.rawValue)]
        if isKnown { object["known"] = true }
        object["user"] = user.map { .string($0) }
        object["group"] = group.map { .string($0) }
        if isKnown { object["address"] = address.map { .string($0) } }
        if !allowsNSFW { object["nsfw"] = false }
        return .object(object)
    }

    /// Nil when the value is no caller as ``json`` writes it.
    package init?(_ json: JSONValue) {
        guard let id = json["id"]?.string, let tier = json["tier"]?.string.flatMap(Tier.init) else { return nil }
        self.init(
            id: id,
            tier: tier,
            isKnown: json["known"]?.bool ?? false,
            user: json["user"]?.string,
            group: json["group"]?.string,
            address: json["address"]?.string
        )
        allowsNSFW = json["nsfw"]?.bool ?? true
    }
}
