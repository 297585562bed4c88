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

    /// The same with a seed where the caller named none: a new picture also from a provider that draws, or has kept, the same one for
    /// the same request. The key of the result stays that of the request as it was made.
    func drawing(_ seed: @autoclosure () -> UInt32) -> GenerateInput {
        guard request.seed == nil else { return self }
        var drawn = self
        drawn.request.seed = seed()
        drawn.request.isSeedDrawn = true
        return drawn
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
        if request.isSeedDrawn { json["seed_drawn"] = true }
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
            scheduler: json["scheduler"]?.string,
            isSeedDrawn: json["seed_drawn"]?.bool ?? false
        )
    }
}
