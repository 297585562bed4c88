// One way in which a request can be done: a provider, its model, and what of the request it leaves out.
internal import EdgeFunction
internal import JSON
internal import Providers

struct Candidate: Sendable, Equatable {
    var provider: String
    /// By the provider's own naming; nil: its own choice.
    var model: String?
    /// What it cannot do, and the caller has allowed to leave out.
    var dropped: [Parameter] = []
    /// Tells apart what the provider's settings decide of a picture; only for the key.
    var server: String?
    /// What the price sheet says, in micro-dollars; nil: unknown.
    var price: Int64?

    /// What this provider is asked.
    func request(_ whole: ImageRequest) -> ImageRequest {
        var request = whole
        request.model = model
        for parameter in dropped { request.drop(parameter) }
        return request
    }

    /// What is told of a result. The price sheet's estimate stands in for a cost that the provider does not tell.
    func facts(of result: ImageResult) -> JSONObject {
        var facts = result.facts
        if result.cost == nil, let price {
            facts["cost"] = .integer(price)
            facts["costEstimated"] = true
        }
        if !dropped.isEmpty {
            // A provider that learns only when it asks who serves a model may have left out more.
            let more = facts["dropped"]?.array ?? []
            facts["dropped"] = .array(dropped.map { .string($0.rawValue) } + more)
        }
        return facts
    }

    var json: JSONObject {
        var json: JSONObject = ["provider": .string(provider)]
        json["model"] = model.map { .string($0) }
        if !dropped.isEmpty { json["dropped"] = .array(dropped.map { .string($0.rawValue) }) }
        json["price"] = price.map { .integer($0) }
        return json
    }

    init(provider: String, model: String? = nil, dropped: [Parameter] = [], price: Int64? = nil) {
        self.provider = provider
        self.model = model
        self.dropped = dropped
        self.price = price
    }

    /// Reads what ``json`` wrote; nil when somebody has changed it so that it cannot be read.
    init?(_ json: JSONValue) {
        guard let provider = json["provider"]?.string else { return nil }
        self.provider = provider
        model = json["model"]?.string
        price = json["price"]?.integer
        for value in json["dropped"]?.array ?? [] {
            guard let parameter = value.string.flatMap(Parameter.init(rawValue:)) else { return nil }
            dropped.append(parameter)
        }
    }
}
