// Who is asked for one request, under which name of the model, and with what of the request.
internal import Providers

struct HFRoute: Sendable, Equatable {
    let model: HFModelID
    let task: HFTask
    /// Nil for the `models` form.
    var provider: HFRoutedProvider?
    /// The provider's own name of the model.
    var providerID: String
    /// Less what the provider has no place for, where its caller allowed that.
    var request: ImageRequest
    /// What was left out.
    var dropped: [String] = []

    init(_ request: ImageRequest, model: HFModelID, provider: HFRoutedProvider?, providerID: String? = nil) {
        self.request = (provider ?? .hfInference).withoutDrawnSeed(request)
        self.model = model
        self.provider = provider
        self.providerID = providerID ?? model.text
        task = HFTask(of: request)
    }

    /// The request less its picture, which is another task, and what goes with it; nil where that may not be left out.
    static func withoutPicture(_ request: ImageRequest) -> (request: ImageRequest, dropped: [String])? {
        guard request.isLenient, request.image != nil else { return nil }
        var bare = request
        let parts = [Parameter.image, .mask, .strength].filter(request.given.contains)
        for part in parts { bare.drop(part) }
        return (bare, parts.map(\.rawValue))
    }

    /// The same with a request that the provider can do.
    /// - Throws: a refusal that names what it cannot do, and what it can.
    func checked() throws(ProviderError) -> HFRoute {
        // A server of the `models` form takes what hf-inference takes.
        let provider = provider ?? .hfInference
        var route = self
        for lack in provider.lacks(of: request) where request.isLenient {
            // Without its picture it is another task, for which others may be asked.
            guard lack.parameter != .image else { break }
            route.request.drop(lack.parameter)
            route.dropped.append(lack.parameter.rawValue)
        }
        let lacks = provider.lacks(of: route.request)
        guard !lacks.isEmpty else { return route }
        throw ProviderError(
            provider: "huggingface",
            kind: .refused,
            message: "\(provider.rawValue), which serves \(model), \(Self.text(lacks))"
        ).unfit
    }

    private static func text(_ lacks: [HFRoutedProvider.Lack]) -> String {
        guard let missing = lacks.first(where: { $0.advice != HFRoutedProvider.bothSides }) else {
            return "takes width and height together: give both or none"
        }
        let names = lacks.filter { $0.advice != HFRoutedProvider.bothSides }.map(\.parameter.rawValue)
        let offered = missing.advice == "a prompt alone" ? missing.advice : "prompt, \(missing.advice)"
        return
            "cannot take \(names.joined(separator: ", ")): it takes \(offered); leave out the rest or choose another model"
    }
}
