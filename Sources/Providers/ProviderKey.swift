// A provider's key: goes into one header and nowhere else.

/// The key of an account. Does not print itself.
public struct ProviderKey: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    private let text: String

    /// - Parameter name: the environment variable that it stands in, for the error.
    /// - Throws: ``ProviderSettingsError`` for a text that cannot be a header value.
    public init(_ text: String, name: String) throws(ProviderSettingsError) {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ProviderSettingsError(
                name: name,
                reason: "holds a space, a line break or a character beyond ASCII; copy it again, without them"
            )
        }
        self.text = text
    }

    /// `Bearer <key>`, the value of the Authorization header.
    package var bearer: String { "Bearer \(text)" }

    package func hasPrefix(_ prefix: String) -> Bool { text.hasPrefix(prefix) }

    /// The text without this key, should a server have sent it back. Compared byte by byte: a combining mark behind the
    /// key would make it another character, and leave it readable.
    package func hidden(in message: String) -> String {
        let key = [UInt8](text.utf8)
        let bytes = [UInt8](message.utf8)
        var clean: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at...].starts(with: key) {
                clean += "[hidden]".utf8
                at += key.count
            } else {
                clean.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: clean, as: UTF8.self)
    }

    public var description: String { "[hidden]" }
    public var debugDescription: String { "[hidden]" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
