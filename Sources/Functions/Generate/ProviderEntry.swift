// One provider as this function knows it before it is made.
internal import Providers

struct ProviderEntry: Sendable {
    /// As callers write it.
    let name: String
    /// The variable that holds its key; nil: it needs none, costs nothing, and takes part only where it is named or nobody has a key.
    var secret: String?
    /// The variables that hold its addresses. One that is no address stops the function, so that the host can refuse it.
    var addresses: [String] = []
    /// The variables that decide, besides the request, which picture is made: another server, another quality.
    var shaping: [String] = []
    /// Variables that belong to the key: they mean nothing for a caller's own token, such as who pays.
    var keyed: [String] = []
    /// The model of an image where none is asked for, by its own naming; nil: its own choice.
    var usualModel: @Sendable ([String: String]) -> String? = { _ in nil }
    let ids: ModelIDs
    /// Whether who serves a model, and so what can be done with it, is known only when it is asked for.
    var learnsLater = false
    let make: @Sendable ([String: String], ProviderTools) throws -> any Provider
}

/// What providers are made with.
struct ProviderTools: Sendable {
    let transport: any ProviderTransport
    /// Draws the sandbox's pictures.
    let draw: @Sendable (ImageRequest) async -> [UInt8]
}
