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
    let log: LogWriter
    /// Counts a request that got this instead of an answer.
    let refused: @LoopActor (Problem) -> Void
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
        let batch = request.count > 1 ? ImageBatch() : nil
        let one: @LoopActor @Sendable (Int, PartialOnlooker?) async throws -> OpenAIImage = { index, onlooker in
            try await self.image(
                of: self.jobs.make(
                    request.fields(ofImage: index),
                    pictures,
                    context,
                    function,
                    settings,
                    notes,
                    webhook: webhook,
                    part: (index, request.count),
                    batch: batch,
                    onlooker: onlooker
                )
            )
        }
        if request.isStream {
            let feed = ImageFeed(wanted: request.partialImages)
            let stream = OpenAIStream(feed: feed, isEdit: isEdit) { told($0, context, notes) }
            return try await stream.response {
                _ = try await Self.images(request.count, waitsForAll: true) { index in
                    let image = try await one(index, feed.onlooker())
                    feed.take(.whole(image))
                    return image
                }
            }
        }
        let made = try await Self.images(request.count, waitsForAll: false) { try await one($0, nil) }
        return HTTPResponse(
            headers: [
                "Content-Type": "application/json", "Cache-Control": "no-store",
                "Cache-Status": made.first?.cacheStatus ?? "edge",
            ],
            body: list(of: made, request.format, base: context.base)
        )
    }

    /// What a client is told when its answer has begun. No status says it, so the log line does.
    private func told(_ error: any Error, _ context: RequestContext, _ notes: RequestNotes) -> OpenAIError {
        let (problem, isFault) = Problem.told(error, function: notes.function ?? "")
        if isFault { log.write(.error, "\(error)", requestID: context.id) }
        let endsJob = (error as? DialectProblem)?.endsJob ?? false
        if !endsJob { refused(problem) }  // a job that fails was not refused
        notes.lateProblem = problem
        return OpenAIError(problem, endsJob: endsJob)
    }

    /// Opens what was made.
    private func image(of held: HeldResult) async throws -> OpenAIImage {
        guard let record = held.result.images.first, let name = record.name, let handle = try await images.open(name)
        else {
            throw Problem(
                status: 503,
                code: "image_lost",
                message: "The image was made but its file is damaged. Send the request again.",
                retryAfter: 1
            )
        }
        return OpenAIImage(record, handle, facts: held.result.facts, cacheStatus: held.cacheStatus)
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

    /// One job an image, all at once. The first one that fails is the answer: at once, or when all have ended. The others go on for whoever
    /// asks again.
    private static func images(
        _ count: Int,
        waitsForAll: Bool,
        _ make: @escaping @LoopActor @Sendable (Int) async throws -> OpenAIImage
    ) async throws -> [OpenAIImage] {
        guard count > 1 else { return [try await make(0)] }
        var tasks: [Task<OpenAIImage, any Error>] = []
        for index in 0..<count {
            tasks.append(Task(executorPreference: LoopActor.tasks) { try await make(index) })
        }
        let started = tasks
        return try await withTaskCancellationHandler {
            var images: [OpenAIImage] = []
            var failure: (any Error)?
            for task in started {
                do {
                    images.append(try await task.value)
                } catch {
                    guard waitsForAll else { throw error }
                    failure = failure ?? error
                }
            }
            if let failure { throw failure }
            return images
        } onCancel: {
            for task in started { task.cancel() }
        }
    }

    // MARK: Answers

    private func list(of images: [OpenAIImage], _ format: OpenAIRequest.Format, base: String) -> HTTPResponse.Body {
        var facts: JSONObject = ["created": .integer(Self.seconds(.now()))]
        if let first = images.first { for member in first.shape.members { facts[member.key] = member.value } }
        facts["quality"] = OpenAIImage.shared(images.map(\.quality))
        facts["background"] = OpenAIImage.shared(images.map(\.background))
        facts["usage"] = OpenAIImage.usage(of: images)
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

    private static func json(_ object: JSONObject) -> HTTPResponse {
        HTTPResponse(
            headers: ["Content-Type": "application/json", "Cache-Control": "no-store"],
            body: .bytes(object.encoded())
        )
    }

    static func seconds(_ moment: Timestamp) -> Int64 { moment.milliseconds / 1000 }
}
