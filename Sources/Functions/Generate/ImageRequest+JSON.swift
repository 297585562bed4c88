// A request as a job file keeps it, by the names that callers use.
internal import JSON
internal import Providers

extension ImageRequest {
    /// All of it but the model and where pictures are.
    var json: JSONObject {
        var json: JSONObject = ["prompt": .string(prompt)]
        if kind != .image { json["kind"] = .string(kind.rawValue) }
        json["negative_prompt"] = negativePrompt.map { .string($0) }
        json["width"] = width.map { .integer(Int64($0)) }
        json["height"] = height.map { .integer(Int64($0)) }
        json["steps"] = steps.map { .integer(Int64($0)) }
        json["guidance_scale"] = guidanceScale.map { .double($0) }
        json["seed"] = seed.map { .integer(Int64($0)) }
        json["scheduler"] = scheduler.map { .string($0) }
        json["image"] = image.map { .string($0.sha256) }
        json["mask"] = mask.map { .string($0.sha256) }
        json["strength"] = strength.map { .double($0) }
        if !loras.isEmpty {
            json["loras"] = .array(loras.map { ["model": .string($0.model), "weight": .double($0.weight)] })
        }
        json["safety"] = checksSafety.map { .bool($0) }
        json["duration"] = duration.map { .double($0) }
        if isSeedDrawn { json["seed_drawn"] = true }
        if isLenient { json["lenient"] = true }
        return json
    }

    /// Reads what ``json`` wrote; nil when it cannot be read any more.
    init?(_ json: JSONObject) {
        guard let prompt = json["prompt"]?.string else { return nil }
        func number(_ name: String) -> Int? { json[name]?.integer.flatMap { Int(exactly: $0) } }
        self.init(
            prompt: prompt,
            negativePrompt: json["negative_prompt"]?.string,
            width: number("width"),
            height: number("height"),
            steps: number("steps"),
            guidanceScale: json["guidance_scale"]?.double,
            seed: json["seed"]?.integer.flatMap { UInt32(exactly: $0) },
            scheduler: json["scheduler"]?.string,
            isSeedDrawn: json["seed_drawn"]?.bool ?? false
        )
        if let text = json["kind"]?.string {
            guard let known = Kind(rawValue: text) else { return nil }
            kind = known
        }
        image = json["image"]?.string.map { ImageInput(sha256: $0) }
        mask = json["mask"]?.string.map { ImageInput(sha256: $0) }
        strength = json["strength"]?.double
        for value in json["loras"]?.array ?? [] {
            guard let model = value["model"]?.string, let weight = value["weight"]?.double else { return nil }
            loras.append(Lora(model: model, weight: weight))
        }
        checksSafety = json["safety"]?.bool
        duration = json["duration"]?.double
        isLenient = json["lenient"]?.bool ?? false
    }
}
