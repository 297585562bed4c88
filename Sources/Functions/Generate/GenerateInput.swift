// What a run gets: the request after admission, complete and normalised.
internal import Digest
internal import JSON
internal import Providers

struct GenerateInput: Equatable {
    var provider: ProviderName
    var request: ImageRequest

    enum ProviderName: String, CaseIterable { case huggingface, sandbox }

    /// A change of what a key is made of gets a new number, so that old entries are not found any more.
    static let keyVersion: Int64 = 1

    /// Everything that changes the picture, and nothing else.
    var key: String {
        var canonical = json
        canonical["version"] = .integer(Self.keyVersion)
        return SHA256.hex(of: JSONValue.object(canonical).text(sortedKeys: true))
    }

    var json: JSONObject {
        var json: JSONObject = ["provider": .string(provider.rawValue), "prompt": .string(request.prompt)]
        json["negative_prompt"] = request.negativePrompt.map { .string($0) }
        json["model"] = request.model.map { .string($0) }
        json["width"] = request.width.map { .integer(Int64($0)) }
        json["height"] = request.height.map { .integer(Int64($0)) }
        json["steps"] = request.steps.map { .integer(Int64($0)) }
        json["guidance_scale"] = request.guidanceScale.map { .double($0) }
        json["seed"] = request.seed.map { .integer(Int64($0)) }
        json["scheduler"] = request.scheduler.map { .string($0) }
        return json
    }

    init(provider: ProviderName, request: ImageRequest) {
        self.provider = provider
        self.request = request
    }

    /// Reads what ``json`` wrote, from a job file; nil when somebody has changed it so that it cannot be read.
    init?(_ json: JSONObject) {
        guard let provider = json["provider"]?.string.flatMap(ProviderName.init(rawValue:)),
            let prompt = json["prompt"]?.string
        else { return nil }
        func number(_ name: String) -> Int? { json[name]?.integer.flatMap { Int(exactly: $0) } }
        self.provider = provider
        request = ImageRequest(
            prompt: prompt,
            negativePrompt: json["negative_prompt"]?.string,
            model: json["model"]?.string,
            width: number("width"),
            height: number("height"),
            steps: number("steps"),
            guidanceScale: json["guidance_scale"]?.double,
            seed: json["seed"]?.integer.flatMap { UInt32(exactly: $0) },
            scheduler: json["scheduler"]?.string
        )
    }
}
