// A request as a workflow of one step. Only what was asked for is sent, besides what the API wants in any case.
internal import JSON
internal import Providers

struct CivitaiWorkflowBody {
    let request: ImageRequest
    let model: CivitaiAIR
    /// The picture to begin with, as a data URI.
    var image: String?

    /// In the order in which Civitai charges by itself; the schema wants the list.
    static let currencies: JSONValue = ["blue", "green", "yellow"]
    /// Marks what came from here, for whoever looks into the account.
    static let tag = "edge"

    /// - Parameter isTrial: priced and not run: then without our id, which a trial would use up.
    func json(_ id: ExternalID, isTrial: Bool = false) -> JSONObject {
        var body: JSONObject = [:]
        if !isTrial { body["externalId"] = .string(id.text) }
        body["currencies"] = Self.currencies
        // The id as a tag, too: workflows can be searched by tags.
        body["tags"] = isTrial ? [.string(Self.tag)] : [.string(Self.tag), .string(id.text)]
        // Not said: decided by the kind of Buzz that is charged.
        body["allowMatureContent"] = request.checksSafety.map { .bool(!$0) }
        body["steps"] = [["$type": "textToImage", "name": "image", "input": .object(input(id))]]
        return body
    }

    private func input(_ id: ExternalID) -> JSONObject {
        var input: JSONObject = ["model": .string(model.text), "prompt": .string(request.prompt)]
        input["negativePrompt"] = request.negativePrompt.map { .string($0) }
        input["width"] = .integer(Int64(request.width ?? model.ecosystem.usualSide))
        input["height"] = .integer(Int64(request.height ?? model.ecosystem.usualSide))
        input["steps"] = request.steps.map { .integer(Int64($0)) }
        input["cfgScale"] = .double(request.guidanceScale ?? model.ecosystem.usualGuidance)
        input["seed"] = .integer(Int64(request.seed ?? id.seed))
        input["scheduler"] = request.scheduler.flatMap { CivitaiScheduler.named($0) }.map { .string($0) }
        input["quantity"] = 1
        input["batchSize"] = 1
        input["outputFormat"] = "png"
        if !request.loras.isEmpty {
            var networks: JSONObject = [:]
            for lora in request.loras { networks[lora.model] = ["strength": .double(lora.weight)] }
            input["additionalNetworks"] = .object(networks)
        }
        if let image {
            input["sourceImage"] = .string(image)
            // The API's own spelling.
            input["sourceImageDenoiseStrenght"] = request.strength.map { .double($0) }
        }
        return input
    }
}
