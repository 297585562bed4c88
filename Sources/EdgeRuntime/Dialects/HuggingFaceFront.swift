// The inference API of Hugging Face in front of a job function (facts/huggingface.md).
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON

/// Translates text-to-image requests; the answer is the image. While its model loads the request is held.
@LoopActor
struct HuggingFaceFront {
    let jobs: JobFront

    func answer(
        model: String,
        _ context: RequestContext,
        _ function: LiveFunction,
        _ settings: JobSettings,
        _ notes: RequestNotes
    ) async throws -> HTTPResponse {
        let request = context.request
        let held = try await jobs.pictures.bodies.collect(request.body, upTo: function.entry.bodyBytes)
        guard var given = await RequestPictures.object(held.bytes) else {
            throw Problem(status: 400, code: "invalid_json", message: "The body is not a JSON object.")
        }
        let webhook = try RequestWebhook.take(request, from: &given)
        given = try HuggingFaceRequest.fields(given, model: model, function: function.name)
        let inputs = settings.inputs
        let found = try await jobs.pictures.takePictures(from: &given, base: context.base, inputs: inputs)
        if !found.hasOwn, held.room == nil, webhook == nil { notes.body = held.bytes }
        held.room?.giveBack()
        let made = try await jobs.make(given, found.pictures, context, function, settings, notes, webhook: webhook)
        guard
            let response = try await jobs.answers.result(
                made.result,
                as: .image,
                maxAge: made.maxAge,
                cacheStatus: made.cacheStatus,
                document: { [:] }
            )
        else {
            throw Problem(
                status: 502,
                code: "image_lost",
                message: "The image was made but its file is damaged. Send the request again.",
                retryAfter: 1
            )
        }
        return response.selected(for: request)
    }
}
