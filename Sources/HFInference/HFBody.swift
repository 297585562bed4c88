// The JSON that each provider takes.
internal import JSON
internal import Providers

/// The picture that a request begins with, ready to be sent.
struct HFPicture: Sendable, Equatable {
    let base64: String
    let mediaType: String
    var dataURI: String { "data:\(mediaType);base64,\(base64)" }
}

extension HFRequests {
    func body(_ route: HFRoute, _ image: HFPicture?) -> JSONObject {
        let request = route.request
        switch route.provider {
        case nil, .hfInference: return inputs(request, image)
        case .falAI: return fal(request, image)
        case .replicate: return replicate(route, image)
        case .nscale: return openAI(route, format: "b64_json")
        case .zaiOrg: return openAI(route, format: nil)
        case .together: return together(route, image)
        case .wavespeed, .novita:
            var body = named(request)
            body["prompt"] = .string(request.prompt)
            return body
        }
    }

    /// Hugging Face's own names, which many providers take as they are.
    private func named(_ request: ImageRequest) -> JSONObject {
        var body: JSONObject = [:]
        body["negative_prompt"] = request.negativePrompt.map { .string($0) }
        body["width"] = request.width.map { .integer(Int64($0)) }
        body["height"] = request.height.map { .integer(Int64($0)) }
        body["num_inference_steps"] = request.steps.map { .integer(Int64($0)) }
        body["guidance_scale"] = request.guidanceScale.map { .double($0) }
        body["scheduler"] = request.scheduler.map { .string($0) }
        body["seed"] = request.seed.map { .integer(Int64($0)) }
        return body
    }

    private func inputs(_ request: ImageRequest, _ image: HFPicture?) -> JSONObject {
        var parameters = named(request)
        if request.kind == .video {
            // In a video's parameters it is a list.
            parameters["negative_prompt"] = request.negativePrompt.map { [.string($0)] }
        }
        guard let image else { return ["inputs": .string(request.prompt), "parameters": .object(parameters)] }
        parameters["prompt"] = .string(request.prompt)
        parameters["strength"] = request.strength.map { .double($0) }
        (parameters["width"], parameters["height"]) = (nil, nil)
        parameters["target_size"] = size(request)
        return ["inputs": .string(image.base64), "parameters": .object(parameters)]
    }

    private func size(_ request: ImageRequest) -> JSONValue? {
        guard let width = request.width, let height = request.height else { return nil }
        return ["width": .integer(Int64(width)), "height": .integer(Int64(height))]
    }

    private func fal(_ request: ImageRequest, _ image: HFPicture?) -> JSONObject {
        var body = named(request)
        (body["width"], body["height"]) = (nil, nil)
        body["prompt"] = .string(request.prompt)
        body["image_size"] = size(request)
        body["image_url"] = image.map { .string($0.dataURI) }
        return body
    }

    private func replicate(_ route: HFRoute, _ image: HFPicture?) -> JSONObject {
        var input = named(route.request)
        input["prompt"] = .string(route.request.prompt)
        input["input_image"] = image.map { .string($0.dataURI) }
        var body: JSONObject = ["input": .object(input)]
        // An id with a version is asked for elsewhere, by the version alone.
        body["version"] = route.providerID.firstIndex(of: ":").map {
            .string(String(route.providerID[route.providerID.index(after: $0)...]))
        }
        return body
    }

    /// What speaks as OpenAI does: a size in one text.
    private func openAI(_ route: HFRoute, format: String?) -> JSONObject {
        let request = route.request
        var body: JSONObject = ["model": .string(route.providerID), "prompt": .string(request.prompt)]
        if let width = request.width, let height = request.height { body["size"] = .string("\(width)x\(height)") }
        body["response_format"] = format.map { .string($0) }
        return body
    }

    private func together(_ route: HFRoute, _ image: HFPicture?) -> JSONObject {
        let request = route.request
        var body: JSONObject = ["model": .string(route.providerID), "prompt": .string(request.prompt)]
        body["width"] = request.width.map { .integer(Int64($0)) }
        body["height"] = request.height.map { .integer(Int64($0)) }
        body["steps"] = request.steps.map { .integer(Int64($0)) }
        body["seed"] = request.seed.map { .integer(Int64($0)) }
        body["frame_images"] = image.map { [["input_image": .string($0.dataURI), "frame": "first"]] }
        if !route.task.isVideo { body["response_format"] = "base64" }
        return body
    }
}
