// Where Hugging Face is, with which key, and in which form it is spoken to.
public import Providers

/// Settings of ``HFInference``. Defaults are those of the public service.
public struct HFSettings: Sendable, Equatable {
    /// How a model's URL is built.
    public enum Form: String, Sendable, CaseIterable {
        /// `<base>/<provider>/...`: the router, which serves the models of many providers.
        case router
        /// `<base>/models/<model>`: older and self-hosted servers. Asks for no model mapping.
        case models
    }

    /// Who serves the model behind the router.
    public enum Route: Sendable, Equatable {
        /// The first of the model's mapping that we speak. Its order is the account's preference.
        case auto
        case provider(HFRoutedProvider)
    }

    public static let publicRouter = "https://router.huggingface.co"
    public static let publicHub = "https://huggingface.co"

    /// Without a trailing slash.
    public var baseURL: String
    public var hubURL: String
    public var form: Form
    public var route: Route
    public var token: HFToken?
    /// The organisation, or its resource group, that pays what the router asks for. Nil: the token's own account.
    public var billTo: String?
    public var defaultModel: HFModelID
    /// The largest image that is taken: 24 MiB, above any PNG of 2048 by 2048 pixels.
    public var imageBytesMax: Int

    /// - Throws: ``HFSettingsError`` for an address that is none.
    public init(
        baseURL: String = Self.publicRouter,
        hubURL: String = Self.publicHub,
        form: Form = .router,
        route: Route = .auto,
        token: HFToken? = nil,
        billTo: String? = nil,
        defaultModel: HFModelID = .usual,
        imageBytesMax: Int = 24 << 20
    ) throws(HFSettingsError) {
        self.baseURL = try Self.address(baseURL, name: "HUGGINGFACE_BASE_URL")
        self.hubURL = try Self.address(hubURL, name: "HUGGINGFACE_HUB_URL")
        self.form = form
        self.route = route
        self.token = token
        self.billTo = try billTo.map { (text) throws(HFSettingsError) in try Self.payer(text) }
        self.defaultModel = defaultModel
        self.imageBytesMax = imageBytesMax
    }

    /// From `HUGGINGFACE_API_KEY`, `HUGGINGFACE_BASE_URL`, `HUGGINGFACE_HUB_URL`, `HUGGINGFACE_FORM` and
    /// `HUGGINGFACE_BILL_TO`; an empty value counts as none.
    ///
    /// - Throws: ``HFSettingsError`` that names the variable and what it may be.
    public init(environment: [String: String]) throws(HFSettingsError) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        var form = Form.router
        if let text = value("HUGGINGFACE_FORM") {
            guard let known = Form(rawValue: text) else {
                throw HFSettingsError(
                    name: "HUGGINGFACE_FORM",
                    reason: "is \"\(text.prefix(40))\"; use router or models"
                )
            }
            form = known
        }
        var token: HFToken?
        if let text = value("HUGGINGFACE_API_KEY") { token = try HFToken(text) }
        try self.init(
            baseURL: value("HUGGINGFACE_BASE_URL") ?? Self.publicRouter,
            hubURL: value("HUGGINGFACE_HUB_URL") ?? Self.publicHub,
            form: form,
            token: token,
            billTo: value("HUGGINGFACE_BILL_TO")
        )
    }

    /// A name as the Hub has them: it becomes a header's value.
    private static func payer(_ text: String) throws(HFSettingsError) -> String {
        guard !text.isEmpty, text.utf8.count <= payerMax, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw HFSettingsError(
                name: "HUGGINGFACE_BILL_TO",
                reason: "is no name of an organisation; use what stands behind huggingface.co/ on its page"
            )
        }
        return text
    }

    private static let payerMax = 128

    private static func address(_ text: String, name: String) throws(HFSettingsError) -> String {
        try ProviderAddress.checked(text, name: name, keyName: HFToken.name)
    }
}

/// A setting that cannot be used: which, and what to write instead.
public typealias HFSettingsError = ProviderSettingsError
