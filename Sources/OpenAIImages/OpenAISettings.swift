// Which server of OpenAI's form is asked, with which key.
public import Providers

/// Settings of ``OpenAIImages``. Defaults are those of OpenAI itself.
public struct OpenAISettings: Sendable, Equatable {
    /// Whether a server takes `seed`, `negative_prompt`, `num_inference_steps` and `guidance_scale`, which are no part of
    /// OpenAI's own form.
    public enum Extras: String, Sendable, CaseIterable {
        /// For models that are not OpenAI's, at servers that are not OpenAI's.
        case auto
        case always = "1"
        case never = "0"
    }

    public static let publicURL = "https://api.openai.com/v1"

    /// Without a trailing slash; OpenAI's own and most others end in `/v1`.
    public var baseURL: String { didSet { isPublic = Self.isPublic(baseURL) } }
    /// Whether this is OpenAI itself, in whichever of its regions (`eu.api.openai.com`).
    public private(set) var isPublic: Bool
    /// Local servers need none.
    public var key: ProviderKey?
    /// Where a request names none. Nil: the server's own, or ``OpenAIModel/usual`` at OpenAI.
    public var defaultModel: OpenAIModel?
    public var extras: Extras
    /// `low`, `medium`, `high` and so on; nil: the model's own choice.
    public var quality: String?
    /// The largest image that is taken: 24 MiB, above any PNG of 2048 by 2048 pixels.
    public var imageBytesMax: Int

    /// - Throws: ``ProviderSettingsError`` for an address that is none.
    public init(
        baseURL: String = Self.publicURL,
        key: ProviderKey? = nil,
        defaultModel: OpenAIModel? = nil,
        extras: Extras = .auto,
        quality: String? = nil,
        imageBytesMax: Int = 24 << 20
    ) throws(ProviderSettingsError) {
        self.baseURL = try ProviderAddress.checked(baseURL, name: "OPENAI_BASE_URL", keyName: Self.keyName)
        isPublic = Self.isPublic(self.baseURL)
        self.key = key
        self.defaultModel = defaultModel
        self.extras = extras
        self.quality = quality
        self.imageBytesMax = imageBytesMax
    }

    /// From `OPENAI_API_KEY`, `OPENAI_BASE_URL`, `OPENAI_MODEL`, `OPENAI_QUALITY` and `OPENAI_EXTRAS` (`1`, `0` or
    /// `auto`); an empty value counts as none.
    ///
    /// - Throws: ``ProviderSettingsError`` that names the variable and what it may be.
    public init(environment: [String: String]) throws(ProviderSettingsError) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        var key: ProviderKey?
        if let text = value(Self.keyName) { key = try ProviderKey(text, name: Self.keyName) }
        var model: OpenAIModel?
        if let text = value("OPENAI_MODEL") {
            do {
                model = try OpenAIModel(text)
            } catch {
                throw ProviderSettingsError(name: "OPENAI_MODEL", reason: "cannot be used: \(error.reason)")
            }
        }
        try self.init(
            baseURL: value("OPENAI_BASE_URL") ?? Self.publicURL,
            key: key,
            defaultModel: model,
            extras: try Self.extras(value("OPENAI_EXTRAS")),
            quality: try Self.quality(value("OPENAI_QUALITY"))
        )
    }

    static let keyName = "OPENAI_API_KEY"

    /// What OpenAI's models take, the older ones too.
    private static let qualities = ["auto", "low", "medium", "high", "xhigh", "max", "standard", "hd"]

    private static func isPublic(_ baseURL: String) -> Bool {
        guard let start = baseURL.firstRange(of: "://")?.upperBound else { return false }
        let host = baseURL[start...].prefix { $0 != "/" && $0 != ":" }.lowercased()
        return host == "api.openai.com" || host.hasSuffix(".api.openai.com")
    }

    private static func extras(_ text: String?) throws(ProviderSettingsError) -> Extras {
        guard let text else { return .auto }
        guard let extras = Extras(rawValue: text) else {
            throw ProviderSettingsError(name: "OPENAI_EXTRAS", reason: "is \"\(text.prefix(40))\"; use 1, 0 or auto")
        }
        return extras
    }

    private static func quality(_ text: String?) throws(ProviderSettingsError) -> String? {
        guard let text else { return nil }
        guard qualities.contains(text) else {
            throw ProviderSettingsError(
                name: "OPENAI_QUALITY",
                reason: "is \"\(text.prefix(40))\"; use one of \(qualities.joined(separator: ", "))"
            )
        }
        return text
    }
}
