// The access token: goes into one header and nowhere else.

/// A Hugging Face access token. Does not print itself.
public struct HFToken: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let text: String

    /// - Throws: ``HFSettingsError`` for a text that cannot be a header value.
    public init(_ text: String) throws(HFSettingsError) {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw HFSettingsError(
                name: "HUGGINGFACE_API_KEY",
                reason: "holds a space, a line break or a character beyond ASCII; copy the token again, without them"
            )
        }
        self.text = text
    }

    /// Tokens of Hugging Face begin with `hf_`; others belong to another provider and never go to the Hub.
    public var isHuggingFace: Bool { text.hasPrefix("hf_") }

    var authorization: String { "Bearer \(text)" }

    /// The text without this token, should a server have sent it back. Compared byte by byte: a combining mark behind the
    /// token would make it another character, and leave it readable.
    func hidden(in message: String) -> String {
        let token = [UInt8](text.utf8)
        let bytes = [UInt8](message.utf8)
        var clean: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at...].starts(with: token) {
                clean += "[hidden]".utf8
                at += token.count
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
