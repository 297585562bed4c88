// The text of an API key: a prefix that scanners know, 160 random bits, and a checksum.
internal import Digest

/// `edge_` and 38 letters and digits: 32 of chance, then 6 that follow from them, so that a mistyped key, or a text that only looks
/// like one, is told without a look at any store.
package struct APIKey: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    package static let prefix = "edge_"
    private static let randomBytesCount = 20
    private static let randomLetters = 32
    private static let checkLetters = 6

    private let text: String

    /// A new one.
    package init() {
        let body = Base32Text.text(of: randomBytes(Self.randomBytesCount))
        text = Self.prefix + body + Self.check(of: body)
    }

    /// Nil for anything that is not a whole key.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        let letters = text.dropFirst(Self.prefix.count)
        guard letters.utf8.count == Self.randomLetters + Self.checkLetters, Base32Text.isText(letters) else {
            return nil
        }
        let body = String(letters.prefix(Self.randomLetters))
        guard Self.check(of: body) == letters.suffix(Self.checkLetters) else { return nil }
        self.text = text
    }

    /// The SHA-256 of the whole text: all that is ever stored. 160 random bits need no slow hash.
    package var hash: [UInt8] { SHA256.digest(of: Array(text.utf8)) }

    /// The key itself, for the one time it is shown.
    package func reveal() -> String { text }

    private static func check(of body: String) -> String {
        String(Base32Text.text(of: SHA256.digest(of: Array((prefix + body).utf8))).prefix(checkLetters))
    }

    /// Always `[key]`.
    package var description: String { "[key]" }
    /// Shows nothing.
    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}
