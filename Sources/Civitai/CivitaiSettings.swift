// Where Civitai is, and with which key.
public import Providers

/// Settings of ``Civitai``. Defaults are those of the public service.
public struct CivitaiSettings: Sendable, Equatable {
    public static let publicURL = "https://orchestration.civitai.com"
    public static let publicSiteURL = "https://civitai.com"

    /// Where images are made. Without a trailing slash.
    public var baseURL: String
    /// Where accounts are: asked whose a key is, and nothing else. Without a trailing slash.
    public var siteURL: String
    public var key: ProviderKey?
    /// The largest image that is taken: 24 MiB, above any PNG of 2048 by 2048 pixels.
    public var imageBytesMax: Int

    /// - Throws: ``ProviderSettingsError`` for an address that is none.
    public init(
        baseURL: String = Self.publicURL,
        siteURL: String = Self.publicSiteURL,
        key: ProviderKey? = nil,
        imageBytesMax: Int = 24 << 20
    ) throws(ProviderSettingsError) {
        self.baseURL = try ProviderAddress.checked(baseURL, name: "CIVITAI_BASE_URL", keyName: Self.keyName)
        self.siteURL = try ProviderAddress.checked(siteURL, name: "CIVITAI_SITE_URL", keyName: Self.keyName)
        self.key = key
        self.imageBytesMax = imageBytesMax
    }

    /// From `CIVITAI_API_KEY`, `CIVITAI_BASE_URL` and `CIVITAI_SITE_URL`; an empty value counts as none.
    ///
    /// - Throws: ``ProviderSettingsError`` that names the variable and what it may be.
    public init(environment: [String: String]) throws(ProviderSettingsError) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        var key: ProviderKey?
        if let text = value(Self.keyName) { key = try ProviderKey(text, name: Self.keyName) }
        try self.init(
            baseURL: value("CIVITAI_BASE_URL") ?? Self.publicURL,
            siteURL: value("CIVITAI_SITE_URL") ?? Self.publicSiteURL,
            key: key
        )
    }

    static let keyName = "CIVITAI_API_KEY"
}
