// A request of OpenAI's Images API in a function's own words (facts/openai-images.md 2).
internal import JSON

/// What a client of that API asks for. Fields that nobody here knows are passed over, as its servers do with extra ones.
struct OpenAIRequest: Equatable {
    enum Format: String, CaseIterable { case url, b64JSON = "b64_json" }

    /// The function's own fields, for the first image.
    let fields: JSONObject
    /// Images: a job each.
    let count: Int
    let format: Format
    let isStream: Bool
    /// How many unfinished pictures of each image are wanted in a stream, at most.
    let partialImages: Int

    /// Seeds have 32 bits.
    private static let seedMask: Int64 = 0xffff_ffff
    static let counts: ClosedRange<Int64> = 1...10
    private static let partials = 0...Int64(PartialPictures.countMax)
    private static let sides: ClosedRange<Int> = 1...16_384

    /// Fields that are the same in both languages.
    private static let plain = [
        "prompt", "model", "negative_prompt", "guidance_scale", "seed", "width", "height", "steps", "scheduler",
        "strength", "provider", "preset", "lenient", "fresh", "image", "mask",
    ]

    /// - Parameter function: its name is the model id that stands for "whatever it takes by itself".
    init(_ given: JSONObject, function: String) throws(Problem) {
        var fields: JSONObject = [:]
        for name in Self.plain {
            if let value = given[name], !value.isNull { fields[name] = value }
        }
        guard let prompt = fields["prompt"] else {
            throw .openAI("Missing required parameter: 'prompt'.", "prompt", code: "missing_required_parameter")
        }
        guard prompt.string != nil else { throw .openAI("'prompt' is \(prompt.kind); send a string.", "prompt") }
        if let steps = given["num_inference_steps"], !steps.isNull { fields["steps"] = steps }
        if let model = fields["model"] {
            guard let name = model.string else { throw .openAI("'model' is \(model.kind); send a string.", "model") }
            if name.isEmpty || name == function { fields["model"] = nil }
        }
        if let (width, height) = try Self.size(given["size"]) {
            fields["width"] = .integer(Int64(width))
            fields["height"] = .integer(Int64(height))
        }
        count = try Self.number(given["n"], "n", in: Self.counts) ?? 1
        isStream = try Self.flag(given["stream"], "stream")
        partialImages = try Self.number(given["partial_images"], "partial_images", in: Self.partials) ?? 0
        format = try Self.format(given["response_format"], model: given["model"]?.string ?? "")
        self.fields = fields
    }

    /// The fields of one of several images. The first is the request as it stands, so that it is also the answer to `n: 1`; each
    /// further one is a variation, or has the seed after, always the same, so that all of them are found in the cache again.
    func fields(ofImage index: Int) -> JSONObject {
        guard index > 0 else { return fields }
        var fields = fields
        if let first = fields["seed"]?.integer {
            fields["seed"] = .integer(((first & Self.seedMask) + Int64(index)) & Self.seedMask)
        } else {
            // Not every provider takes a seed.
            fields["variation"] = .integer(Int64(index))
        }
        return fields
    }

    private static func size(_ value: JSONValue?) throws(Problem) -> (width: Int, height: Int)? {
        guard let value, !value.isNull, value != "auto" else { return nil }
        let text = value.string ?? value.text()
        let parts = text.split(separator: "x", omittingEmptySubsequences: false)
        guard parts.count == 2, let width = number(parts[0]), let height = number(parts[1]) else {
            throw .openAI(
                "Invalid value: '\(text.prefix(40))'. 'size' is WIDTHxHEIGHT, such as 1024x1024, or auto.",
                "size"
            )
        }
        return (width, height)
    }

    private static func number(_ text: Substring) -> Int? {
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text), sides.contains(number) else {
            return nil
        }
        return number
    }

    private static func number(
        _ value: JSONValue?,
        _ name: String,
        in range: ClosedRange<Int64>
    ) throws(Problem) -> Int? {
        guard let value, !value.isNull else { return nil }
        guard let number = value.integer, range.contains(number) else {
            throw .openAI(
                "Invalid value: '\(value.text().prefix(40))'. '\(name)' is a whole number from \(range.lowerBound) to "
                    + "\(range.upperBound).",
                name
            )
        }
        return Int(number)
    }

    private static func flag(_ value: JSONValue?, _ name: String) throws(Problem) -> Bool {
        guard let value, !value.isNull else { return false }
        guard let flag = value.bool else { throw .openAI("'\(name)' is \(value.kind); send true or false.", name) }
        return flag
    }

    /// Who says nothing gets what the API's own servers give: base64 for the GPT image models, which know no URLs, a URL for others.
    private static func format(_ value: JSONValue?, model: String) throws(Problem) -> Format {
        guard let value, !value.isNull else {
            return ["gpt-image", "chatgpt-image"].contains { model.hasPrefix($0) } ? .b64JSON : .url
        }
        guard let format = value.string.flatMap(Format.init(rawValue:)) else {
            throw .openAI(
                "Invalid value: '\(value.text().prefix(40))'. 'response_format' is url or b64_json.",
                "response_format"
            )
        }
        return format
    }
}

extension Problem {
    static func openAI(_ message: String, _ param: String, code: String = "invalid_value") -> Problem {
        Problem(status: 400, code: code, message: message, field: param)
    }
}
