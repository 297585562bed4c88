// The Images API of OpenAI in front of a job function (facts/openai-images.md).
internal import CivilTime
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON

/// Translates requests of OpenAI's clients, and shapes what they get. Each image is a job like any other.
@LoopActor
struct OpenAIFront {
    let jobs: JobFront
    let images: ImageFiles
    /// The ids that a function tells; empty when it tells none.
    let models: @LoopActor (LiveFunction) async -> [String]
    /// When this host began, which is when its models came to be as far as clients see.
    let started = Timestamp.now()

    /// Fields of a form that may be files, if the function takes them.
    private static let pictureFields = ["image", "mask"]

    func answer(
        _ call: DialectCall,
        _ context: RequestContext,
        _ function: LiveFunction,
        _ settings: JobSettings,
        _ notes: RequestNotes
    ) async throws -> HTTPResponse {
        switch call {
        case .openAIGenerate, .openAIEdit:
            return try await make(call, context, function, settings, notes)
        case .openAIModels:
            let list: JSONObject = [
                "object": "list", "data": .array(await ids(of: function).map { .object(entry($0)) }),
            ]
            return Self.json(list)
        case .openAIModel(let id):
            guard await ids(of: function).contains(id) else {
                throw Problem(
                    status: 404,
                    code: "model_not_found",
                    message: "The model '\(id.prefix(128))' does not exist; GET /v1/models lists those that do.",
                    field: "model"
                )
            }
            return Self.json(entry(id))
        case .openAIUnknown, .huggingFace:
            throw Problem(
                status: 404,
                code: "unknown_url",
                message:
                    "Nothing is at \(context.request.path.prefix(256)); there are POST /v1/images/generations, POST "
                    + "/v1/images/edits, GET /v1/models and GET /v1/models/{id}."
            )
        }
    }

    // MARK: Models

    /// The function's own name stands for the model that it takes by itself.
    private func ids(of function: LiveFunction) async -> [String] {
        let told = await models(function)
        return told.isEmpty ? [function.name] : told
    }

    private func entry(_ id: String) -> JSONObject {
        ["id": .string(id), "object": "model", "created": .integer(Self.seconds(started)), "owned_by": "edge"]
    }

    // MARK: Images

    private func make(
        _ call: DialectCall,
        _ context: RequestContext,
        _ function: LiveFunction,
        _ settings: JobSettings,
        _ notes: RequestNotes
    ) async throws -> HTTPResponse {
        let isEdit = call == .openAIEdit
        let inputs = settings.inputs.filter(Self.pictureFields.contains)
        let (read, pictures) = try await read(context, inputs, function, isEdit: isEdit)
        var given = read
        let webhook = try RequestWebhook.take(context.request, from: &given)
        let request = try OpenAIRequest(given, function: function.name)
        if isEdit, request.fields["image"] == nil {
            throw Problem.openAI("Missing required parameter: 'image'.", "image", code: "missing_required_parameter")
        }
        let made = try await results(request, pictures, context, function, settings, notes, webhook)
        var shown: [(record: ImageRecord, handle: ImageHandle)] = []
        for one in made {
            guard let record = one.result.images.first, let name = record.name,
                let handle = try await images.open(name)
            else {
                throw Problem(
                    status: 503,
                    code: "image_lost",
                    message: "The image was made but its file is damaged. Send the request again.",
                    retryAfter: 1
                )
            }
            shown.append((record, handle))
        }
        var response = HTTPResponse(
            headers: [
                "Content-Type": request.isStream ? "text/event-stream" : "application/json",
                "Cache-Control": "no-store", "Cache-Status": made.first?.cacheStatus ?? "edge",
            ]
        )
        if request.isStream {
            response.body = events(of: shown, isEdit ? "image_edit.completed" : "image_generation.completed")
        } else {
            response.body = list(of: shown, request.format, base: context.base)
        }
        return response
    }

    private func read(
        _ context: RequestContext,
        _ inputs: [String],
        _ function: LiveFunction,
        isEdit: Bool
    ) async throws -> (JSONObject, [Picture]) {
        let request = context.request
        if isEdit, !inputs.contains("image") {
            throw Problem(
                status: 404,
                code: "unknown_url",
                message: "The function \(function.name) takes no pictures (job.inputs in functions.json)."
            )
        }
        let contentType = request.headers["Content-Type"]
        if isEdit, FormReader.isForm(contentType) {
            let reader = FormReader(
                store: jobs.pictures.store,
                inputs: inputs,
                bodyBytesMax: function.entry.bodyBytes
            )
            let form = try await reader.read(request.body, contentType: contentType ?? "")
            return (try OpenAIForm.fields(of: form), form.pictures)
        }
        let held = try await jobs.pictures.bodies.collect(request.body, upTo: function.entry.bodyBytes)
        guard var fields = await RequestPictures.object(held.bytes) else {
            throw Problem(status: 400, code: "invalid_json", message: "The body is not a JSON object.")
        }
        let found = try await jobs.pictures.takePictures(from: &fields, base: context.base, inputs: inputs)
        held.room?.giveBack()
        return (fields, found.pictures)
    }

    /// One job an image, all at once; the first one that fails is the answer, and the others go on for whoever asks again.
    private func results(
        _ request: OpenAIRequest,
        _ pictures: [Picture],
        _ context: RequestContext,
        _ function: LiveFunction,
        _ settings: JobSettings,
        _ notes: RequestNotes,
        _ webhook: String?
    ) async throws -> [HeldResult] {
        guard request.count > 1 else {
            return [try await jobs.make(request.fields, pictures, context, function, settings, notes, webhook: webhook)]
        }
        let batch = ImageBatch()
        var tasks: [Task<HeldResult, any Error>] = []
        for index in 0..<request.count {
            let fields = request.fields(ofImage: index)
            tasks.append(
                Task(executorPreference: LoopActor.tasks) {
                    try await self.jobs.make(
                        fields,
                        pictures,
                        context,
                        function,
                        settings,
                        notes,
                        webhook: webhook,
                        part: (index, request.count),
                        batch: batch
                    )
                }
            )
        }
        let started = tasks
        return try await withTaskCancellationHandler {
            var results: [HeldResult] = []
            for task in started { results.append(try await task.value) }
            return results
        } onCancel: {
            for task in started { task.cancel() }
        }
    }

    // MARK: Answers

    private func list(
        of images: [(record: ImageRecord, handle: ImageHandle)],
        _ format: OpenAIRequest.Format,
        base: String
    ) -> HTTPResponse.Body {
        var facts: JSONObject = ["created": .integer(Self.seconds(.now()))]
        if let first = images.first { Self.add(first.record, to: &facts) }
        switch format {
        case .url:
            facts["data"] = .array(images.map { ["url": .string("\(base)/images/\($0.record.fileName)")] })
            return .bytes(facts.encoded())
        case .b64JSON:
            var body = Base64Body()
            body.add("\(JSONValue.object(facts).text().dropLast()),\"data\":[")
            for (index, image) in images.enumerated() {
                body.add(index == 0 ? "{\"b64_json\":\"" : ",{\"b64_json\":\"")
                body.add(image.handle)
                body.add("\"}")
            }
            body.add("]}")
            return body.body
        }
    }

    /// The functions here show no unfinished pictures, so each image is one event.
    private func events(
        of images: [(record: ImageRecord, handle: ImageHandle)],
        _ name: String
    ) -> HTTPResponse.Body {
        var body = Base64Body()
        for image in images {
            var facts: JSONObject = [
                "type": .string(name), "created_at": .integer(Self.seconds(.now())), "quality": "auto",
                "background": "auto",
            ]
            Self.add(image.record, to: &facts)
            body.add("event: \(name)\ndata: \(JSONValue.object(facts).text().dropLast()),\"b64_json\":\"")
            body.add(image.handle)
            body.add("\"}\n\n")
        }
        return body.body
    }

    /// What the image is, whatever was asked for.
    private static func add(_ record: ImageRecord, to facts: inout JSONObject) {
        if let width = record.width, let height = record.height { facts["size"] = .string("\(width)x\(height)") }
        if record.type.hasPrefix("image/") {
            facts["output_format"] = .string(String(record.type.dropFirst("image/".count)))
        }
    }

    private static func json(_ object: JSONObject) -> HTTPResponse {
        HTTPResponse(
            headers: ["Content-Type": "application/json", "Cache-Control": "no-store"],
            body: .bytes(object.encoded())
        )
    }

    private static func seconds(_ moment: Timestamp) -> Int64 { moment.milliseconds / 1000 }
}
