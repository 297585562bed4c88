// What is sent: to the Hub for a mapping, to a routed provider for an image.
internal import JSON
internal import Providers

/// Builds calls from settings. Pure.
struct HFRequests {
    let settings: HFSettings

    /// A mapping is some kilobytes; a model card that comes with it may be more.
    static let mappingBytesMax = 1 << 20
    static let mappingTimeout: Duration = .seconds(15)

    func mapping(of model: HFModelID) -> ProviderCall {
        var headers = [ProviderHeader("Accept", "application/json")]
        if let token = settings.token, token.isHuggingFace {
            headers.append(ProviderHeader("Authorization", token.authorization))
        }
        return ProviderCall(
            method: "GET",
            url: "\(settings.hubURL)/api/models/\(model)?expand[]=inferenceProviderMapping",
            headers: headers,
            body: [],
            answerBytesMax: Self.mappingBytesMax,
            timeout: Self.mappingTimeout
        )
    }

    /// Whose token this is: `GET /api/whoami-v2`, as huggingface_hub's `whoami` asks it.
    func account() -> ProviderCall {
        ProviderCall(
            method: "GET",
            url: "\(settings.hubURL)/api/whoami-v2",
            headers: settings.token.map { [ProviderHeader("Authorization", $0.authorization)] } ?? [],
            answerBytesMax: Self.mappingBytesMax,
            timeout: Self.mappingTimeout
        )
    }

    /// - Parameters:
    ///   - provider: nil for the `models` form.
    ///   - providerID: the provider's own name of the model; nil where it is the model's.
    func image(
        _ request: ImageRequest,
        model: HFModelID,
        provider: HFRoutedProvider?,
        providerID: String? = nil,
        timeout: Duration
    ) -> ProviderCall {
        let path: String
        let body: JSONObject
        switch provider {
        case nil:
            path = "/models/\(model)"
            body = inputs(request)
        case .hfInference:
            path = "/hf-inference/models/\(model)"
            body = inputs(request)
        case .nscale:
            path = "/nscale/v1/images/generations"
            body = nscale(request, model: providerID ?? model.text)
        case .together:
            path = "/together/v1/images/generations"
            body = together(request, model: providerID ?? model.text)
        }
        var headers = [ProviderHeader("Content-Type", "application/json")]
        headers.append(
            ProviderHeader("Accept", provider == nil || provider == .hfInference ? "image/png" : "application/json")
        )
        if let token = settings.token { headers.append(ProviderHeader("Authorization", token.authorization)) }
        return ProviderCall(
            method: "POST",
            url: settings.baseURL + path,
            headers: headers,
            body: JSONValue.object(body).encoded(),
            answerBytesMax: HFAnswer.bytesMax(image: settings.imageBytesMax),
            timeout: timeout
        )
    }

    private func inputs(_ request: ImageRequest) -> JSONObject {
        var parameters: JSONObject = [:]
        parameters["negative_prompt"] = request.negativePrompt.map { .string($0) }
        parameters["width"] = request.width.map { .integer(Int64($0)) }
        parameters["height"] = request.height.map { .integer(Int64($0)) }
        parameters["num_inference_steps"] = request.steps.map { .integer(Int64($0)) }
        parameters["guidance_scale"] = request.guidanceScale.map { .double($0) }
        parameters["scheduler"] = request.scheduler.map { .string($0) }
        parameters["seed"] = request.seed.map { .integer(Int64($0)) }
        return ["inputs": .string(request.prompt), "parameters": .object(parameters)]
    }

    private func nscale(_ request: ImageRequest, model: String) -> JSONObject {
        var body: JSONObject = ["model": .string(model), "prompt": .string(request.prompt)]
        if let width = request.width, let height = request.height { body["size"] = .string("\(width)x\(height)") }
        body["response_format"] = "b64_json"
        return body
    }

    private func together(_ request: ImageRequest, model: String) -> JSONObject {
        var body: JSONObject = ["model": .string(model), "prompt": .string(request.prompt)]
        body["width"] = request.width.map { .integer(Int64($0)) }
        body["height"] = request.height.map { .integer(Int64($0)) }
        body["steps"] = request.steps.map { .integer(Int64($0)) }
        body["seed"] = request.seed.map { .integer(Int64($0)) }
        body["response_format"] = "base64"
        return body
    }
}
