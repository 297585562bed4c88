// A text-to-image request of Hugging Face's inference API in a function's own words (facts/huggingface.md 3).
internal import JSON

enum HuggingFaceRequest {
    /// Names of parameters that differ.
    private static let names = ["num_inference_steps": "steps"]
    /// What that API takes and does nothing with.
    private static let ignored: Set<String> = ["num_images_per_prompt"]

    /// The function's fields. Parameters that are unknown here are handed on: like the pipelines behind that API, the function says
    /// which it does not take.
    ///
    /// - Parameters:
    ///   - model: from the path.
    ///   - function: its name is the model id that stands for "whatever it takes by itself".
    static func fields(
        _ body: JSONObject,
        model: String,
        function: String
    ) throws(Problem) -> JSONObject {
        guard let prompt = body["inputs"], !prompt.isNull else {
            throw refusal("Error in `inputs`: field required", "inputs")
        }
        guard prompt.string != nil else {
            throw refusal("Error in `inputs`: it is \(prompt.kind); send a string", "inputs")
        }
        var fields: JSONObject = ["prompt": prompt]
        if model != function { fields["model"] = .string(model) }
        if let parameters = body["parameters"], !parameters.isNull {
            guard let parameters = parameters.object else {
                throw refusal("Error in `parameters`: it is \(parameters.kind); send an object", "parameters")
            }
            for member in parameters.members where !member.value.isNull && !ignored.contains(member.key) {
                if member.key == "target_size" {
                    fields["width"] = member.value["width"]
                    fields["height"] = member.value["height"]
                } else if !["prompt", "model"].contains(member.key) {
                    fields[names[member.key] ?? member.key] = member.value
                }
            }
        }
        if body["options"]?["use_cache"] == false { fields["fresh"] = true }
        return fields
    }

    private static func refusal(_ message: String, _ field: String) -> Problem {
        Problem(status: 400, code: "invalid_field", message: message, field: field)
    }
}
