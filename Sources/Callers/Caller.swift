// Who asks.
package import CivilTime

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
    /// When what it showed ends; nil: not of itself.
    package var ends: Timestamp?

    package init(
        id: String,
        tier: Tier = .free,
        isKnown: Bool = false,
        user: String? = nil,
        group: String? = nil,
        ends: Timestamp? = nil
    ) {
        self.id = id
        self.tier = tier
        self.isKnown = isKnown
        self.user = user
        self.group = group
        self.ends = ends
    }

    /// Bytes of a name of an end user or a group.
    package static let nameBytesMax = 128

    /// Whether a text can name an end user or a group: visible ASCII, so that no log or header shows anything else.
    package static func isName(_ text: String) -> Bool {
        (1...nameBytesMax).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }
}
