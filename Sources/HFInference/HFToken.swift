// The access token: goes into one header and nowhere else.
public import Providers

/// A Hugging Face access token. Does not print itself.
public struct HFToken: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    static let name = "HUGGINGFACE_API_KEY"

    let key: ProviderKey

    /// - Throws: ``HFSettingsError`` for a text that cannot be a header value.
    public init(_ text: String) throws(HFSettingsError) { key = try ProviderKey(text, name: Self.name) }

    /// Tokens of Hugging Face begin with `hf_`; others belong to another provider and never go to the Hub.
    public var isHuggingFace: Bool { key.hasPrefix("hf_") }

    var authorization: String { key.bearer }

    public var description: String { "[hidden]" }
    public var debugDescription: String { "[hidden]" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
