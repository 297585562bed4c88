// Where Runware is, with which key, and how its results come.
public import Providers

/// Settings of ``Runware``. Defaults are those of the public service.
public struct RunwareSettings: Sendable, Equatable {
    /// How the answer to an image comes. A video always comes by ``Delivery/async``.
    public enum Delivery: String, Sendable, CaseIterable {
        /// One call that lasts until the image is made.
        case sync
        /// A short call that begins the work, then short questions. The default: no call is held while the model works,
        /// proxies cut nothing off, and a restart goes on where it was. It costs up to a second before the first question.
        case async
    }

    /// Where the bytes of an image are. A video always comes by ``Output/url``.
    public enum Output: String, Sendable, CaseIterable {
        /// Behind an address that is fetched at once. The default: a third less to transfer.
        case url
        /// In the answer, for hosts that may call no address but ``RunwareSettings/baseURL``.
        case base64
    }

    public static let publicURL = "https://api.runware.ai/v1"

    /// Without a trailing slash. One address takes everything.
    public var baseURL: String
    public var key: ProviderKey?
    public var delivery: Delivery
    public var output: Output
    /// For images; a video has no usual one.
    public var defaultModel: RunwareModel
    /// The largest image that is taken: 24 MiB, above any PNG of 2048 by 2048 pixels.
    public var imageBytesMax: Int
    /// The largest video that is taken.
    public var videoBytesMax: Int

    /// - Throws: ``ProviderSettingsError`` for an address that is none.
    public init(
        baseURL: String = Self.publicURL,
        key: ProviderKey? = nil,
        delivery: Delivery = .async,
        output: Output = .url,
        defaultModel: RunwareModel = .usual,
        imageBytesMax: Int = 24 << 20,
        videoBytesMax: Int = 64 << 20
    ) throws(ProviderSettingsError) {
        self.baseURL = try ProviderAddress.checked(baseURL, name: "RUNWARE_BASE_URL", keyName: Self.keyName)
        self.key = key
        self.delivery = delivery
        self.output = output
        self.defaultModel = defaultModel
        self.imageBytesMax = imageBytesMax
        self.videoBytesMax = videoBytesMax
    }

    /// From `RUNWARE_API_KEY`, `RUNWARE_BASE_URL`, `RUNWARE_DELIVERY` (`sync` or `async`) and `RUNWARE_OUTPUT` (`url` or
    /// `base64`); an empty value counts as none.
    ///
    /// - Throws: ``ProviderSettingsError`` that names the variable and what it may be.
    public init(environment: [String: String]) throws(ProviderSettingsError) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        var key: ProviderKey?
        if let text = value(Self.keyName) { key = try ProviderKey(text, name: Self.keyName) }
        try self.init(
            baseURL: value("RUNWARE_BASE_URL") ?? Self.publicURL,
            key: key,
            delivery: try Self.choice(value("RUNWARE_DELIVERY"), name: "RUNWARE_DELIVERY") ?? .async,
            output: try Self.choice(value("RUNWARE_OUTPUT"), name: "RUNWARE_OUTPUT") ?? .url
        )
    }

    static let keyName = "RUNWARE_API_KEY"

    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ text: String?,
        name: String
    ) throws(ProviderSettingsError) -> Choice? {
        guard let text else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: " or ")
            throw ProviderSettingsError(name: name, reason: "is \"\(text.prefix(40))\"; use \(known)")
        }
        return choice
    }
}
