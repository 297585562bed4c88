// The settings file of this function: what models are called, presets, routes, quotas, prices.
internal import EdgeFunction
internal import EdgeLoop
internal import JSON

struct GenerateSettings: Sendable, Equatable {
    /// Aliases: what each provider calls a model.
    var models: [String: [String: String]] = [:]
    /// Fields of requests, by the preset's name.
    var presets: [String: JSONObject] = [:]
    var route = Route()
    /// By provider.
    var quotas: [String: Quota] = [:]
    var prices = PriceSheet()
    /// Networks that the URL of a result may lead to, although they are this machine's own.
    var resultNetworks: [AddressRange] = []

    /// Who is asked where a request does not say.
    struct Route: Sendable, Equatable {
        /// Providers, best first; nil: all that have a key.
        var use: [String]?
        var choose = Lane.Choice.order
        var weights: [String: Double] = [:]
    }
}
