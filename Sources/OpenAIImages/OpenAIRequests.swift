// What is sent: for a new image, for an edit, for the list of models, for a picture behind an address.
internal import JSON
internal import Providers

/// Builds calls from settings. Pure.
struct OpenAIRequests {
    let settings: OpenAISettings

    /// A list of some hundred models.
    static let modelsBytesMax = 1 << 20
    static let modelsTimeout: Duration = .seconds(15)
    /// A picture is made already when it is fetched.
    static let fetchTimeout: Duration = .seconds(60)

    /// Pictures of a request, read already.
    struct Pictures {
        var image: (bytes: [UInt8], type: ImageType)
        var mask: (bytes: [UInt8], type: ImageType)?
    }

    /// The API's own limit.
    static let partialsMax = 3
    /// A stream is silent while the model works.
    static let streamIdleTimeout: Duration = .seconds(300)

    /// - Parameter partials: how many unfinished pictures are to come before the finished one, in a stream; 0: no stream.
    func image(_ request: ImageRequest, model: OpenAIModel?, timeout: Duration, partials: Int = 0) -> ProviderCall {
        var body = JSONObject()
        for (name, value) in fields(request, model: model) + Self.stream(partials) { body[name] = value }
        return call(
            "images/generations",
            type: "application/json",
            body: JSONValue.object(body).encoded(),
            timeout: timeout,
            partials: partials
        )
    }

    private static func stream(_ partials: Int) -> [(String, JSONValue)] {
        partials > 0 ? [("stream", true), ("partial_images", .integer(Int64(partials)))] : []
    }

    func edit(
        _ request: ImageRequest,
        pictures: Pictures,
        model: OpenAIModel?,
        timeout: Duration,
        partials: Int = 0,
        form: MultipartBody = MultipartBody()
    ) -> ProviderCall {
        var form = form
        for (name, value) in fields(request, model: model) + Self.stream(partials) {
            form.add(name, value.string ?? value.text())
        }
        let files: [(String, (bytes: [UInt8], type: ImageType)?)] = [
            ("image", pictures.image), ("mask", pictures.mask),
        ]
        for case (let name, let picture?) in files {
            form.add(
                name,
                file: picture.bytes,
                fileName: "\(name).\(picture.type.fileExtension)",
                type: picture.type.mediaType
            )
        }
        return call("images/edits", type: form.contentType, body: form.whole, timeout: timeout, partials: partials)
    }

    func models() -> ProviderCall {
        ProviderCall(
            method: "GET",
            url: "\(settings.baseURL)/models",
            headers: [ProviderHeader("Accept", "application/json")] + authorization,
            answerBytesMax: Self.modelsBytesMax,
            timeout: Self.modelsTimeout
        )
    }

    /// The picture behind an address that an answer named: without the key, which belongs to the server alone.
    func picture(at url: String, timeout: Duration) -> ProviderCall {
        ProviderCall(
            method: "GET",
            url: url,
            headers: [ProviderHeader("Accept", "image/*")],
            answerBytesMax: settings.imageBytesMax,
            timeout: min(timeout, Self.fetchTimeout),
            target: .result
        )
    }

    /// Whether seed, negative prompt, steps and guidance have a place.
    func takesExtras(_ model: OpenAIModel?) -> Bool {
        switch settings.extras {
        case .always: true
        case .never: false
        case .auto: !settings.isPublic && (model?.family ?? .other) == .other
        }
    }

    private func fields(_ request: ImageRequest, model: OpenAIModel?) -> [(String, JSONValue)] {
        var fields: [(String, JSONValue)] = []
        func add(_ name: String, _ value: JSONValue?) { if let value { fields.append((name, value)) } }
        let family = model?.family ?? .other
        add("model", model.map { .string($0.text) })
        add("prompt", .string(request.prompt))
        add("n", 1)
        if let width = request.width, let height = request.height { add("size", .string("\(width)x\(height)")) }
        add("quality", settings.quality.map { .string($0) })
        if family.isGPT {
            add("output_format", "png")
        } else if !settings.isPublic || family != .other {
            // A name that is new at OpenAI is a GPT image model's, which would refuse this.
            add("response_format", "b64_json")
        }
        if takesExtras(model) {
            add("seed", request.seed.map { .integer(Int64($0)) })
            add("negative_prompt", request.negativePrompt.map { .string($0) })
            add("num_inference_steps", request.steps.map { .integer(Int64($0)) })
            add("guidance_scale", request.guidanceScale.map { .double($0) })
        }
        return fields
    }

    private func call(
        _ path: String,
        type: String,
        body: [UInt8],
        timeout: Duration,
        partials: Int
    ) -> ProviderCall {
        let accept = partials > 0 ? "text/event-stream, application/json" : "application/json"
        var call = ProviderCall(
            method: "POST",
            url: "\(settings.baseURL)/\(path)",
            headers: [ProviderHeader("Content-Type", type), ProviderHeader("Accept", accept)] + authorization,
            body: body,
            answerBytesMax: OpenAIAnswer.bytesMax(image: settings.imageBytesMax) * (1 + partials),
            timeout: timeout
        )
        if partials > 0 { call.idleTimeout = Self.streamIdleTimeout }
        return call
    }

    private var authorization: [ProviderHeader] {
        settings.key.map { [ProviderHeader("Authorization", $0.bearer)] } ?? []
    }
}
