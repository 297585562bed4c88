// A request as a task of Runware. Only what was asked for is sent: a key that a model does not know is refused.
internal import JSON
internal import Providers

struct RunwareTaskBody {
    let settings: RunwareSettings
    let request: ImageRequest
    let model: RunwareModel
    /// The pictures to begin with, as data URIs.
    var image: String?
    var mask: String?

    /// Most models want a size; this one is within the limits of all that the sheet knows.
    static let usualSide = 1024

    func json(_ task: TaskUUID, form: RunwareTask.Form) -> JSONObject {
        request.kind == .image ? imageInference(task, form) : videoInference(task, form)
    }

    private func imageInference(_ task: TaskUUID, _ form: RunwareTask.Form) -> JSONObject {
        var body = common("imageInference", task, delivery: settings.delivery)
        body["negativePrompt"] = request.negativePrompt.map { .string($0) }
        body["width"] = .integer(Int64(request.width ?? Self.usualSide))
        body["height"] = .integer(Int64(request.height ?? Self.usualSide))
        body["steps"] = request.steps.map { .integer(Int64($0)) }
        body["CFGScale"] = request.guidanceScale.map { .double($0) }
        body["scheduler"] = request.scheduler.map { .string($0) }
        body["seed"] = request.seed.map { .integer(Int64($0)) }
        var pictures: JSONObject = [:]
        pictures["seedImage"] = image.map { .string($0) }
        pictures["maskImage"] = mask.map { .string($0) }
        switch form {
        case .plain: for member in pictures.members { body[member.key] = member.value }
        case .inputs: body["inputs"] = .object(pictures)
        }
        body["strength"] = request.strength.map { .double($0) }
        if !request.loras.isEmpty {
            body["lora"] = .array(
                request.loras.map { ["model": .string($0.model), "weight": .double($0.weight)] }
            )
        }
        body["outputType"] = settings.output == .url ? "URL" : "base64Data"
        body["outputFormat"] = "PNG"
        if request.checksSafety == true { body["safety"] = ["checkContent": true] }
        return body
    }

    private func videoInference(_ task: TaskUUID, _ form: RunwareTask.Form) -> JSONObject {
        var body = common("videoInference", task, delivery: .async)
        body["width"] = request.width.map { .integer(Int64($0)) }
        body["height"] = request.height.map { .integer(Int64($0)) }
        body["duration"] = request.duration.map { seconds in
            Int64(exactly: seconds).map { .integer($0) } ?? .double(seconds)
        }
        body["seed"] = request.seed.map { .integer(Int64($0)) }
        if let image {
            switch form {
            case .plain: body["frameImages"] = [["inputImage": .string(image), "frame": "first"]]
            case .inputs: body["inputs"] = ["frameImages": [["image": .string(image), "frame": "first"]]]
            }
        }
        body["outputType"] = "URL"
        body["outputFormat"] = "MP4"
        return body
    }

    private func common(_ type: String, _ task: TaskUUID, delivery: RunwareSettings.Delivery) -> JSONObject {
        [
            "taskType": .string(type), "taskUUID": .string(task.description),
            "deliveryMethod": .string(delivery.rawValue), "model": .string(model.text),
            "positivePrompt": .string(request.prompt), "numberResults": 1, "includeCost": true,
        ]
    }
}
