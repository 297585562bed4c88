// Reads the answer of a call that makes something: the result inside it, or why there is none.
internal import JSON
internal import Providers

/// Finds the result in an answer. Pure: it believes bytes and no label.
struct HFAnswer {
    let settings: HFSettings
    let model: HFModelID
    let provider: HFRoutedProvider?
    var seed: UInt32?
    var isVideo = false
    var dropped: [String] = []

    /// The most that the host keeps of one result: minutes of video, as these models make them.
    static let videoBytesMax = 64 << 20

    /// An image in base64 is a third larger, with some JSON around it.
    static func bytesMax(image: Int) -> Int { image / 3 * 4 + (64 << 10) }

    private var bytesMax: Int { isVideo ? Self.videoBytesMax : settings.imageBytesMax }

    /// The result that is the answer's body, or inside it.
    func image(_ reply: ProviderReply, hints: HFHints) throws(ProviderError) -> ImageResult {
        guard (200..<300).contains(reply.status) else { throw refusal.error(reply, hints: hints) }
        // 204 means that the model server took its caller for gone; the other ones belong to providers we do not speak.
        guard reply.status == 200 else { throw bad("the provider answered without an image", reply) }
        return try result(try bytes(reply), reply)
    }

    /// A result from wherever it was.
    /// - Parameter reply: the answer that has the request's id, and what else is known about it.
    func result(_ content: ResultBytes, _ reply: ProviderReply) throws(ProviderError) -> ImageResult {
        guard content.count <= bytesMax else {
            throw ProviderError(
                provider: "huggingface",
                kind: .tooLarge,
                message: Self.tooLarge(bytesMax),
                status: reply.status,
                requestID: HFRefusal.requestID(reply),
                mayBePaid: true
            )
        }
        let image: ImageResult
        do {
            image = try ImageResult(
                bytes: content,
                provider: "huggingface",
                model: model.text,
                seed: seed,
                cost: nil,
                details: details(reply)
            )
        } catch {
            throw bad("the provider sent no usable \(what): \(error)\(said(reply))", reply)
        }
        guard image.info.type.isStill != isVideo else {
            throw bad("the provider sent \(isVideo ? "an image and not a video" : "a video and not an image")", reply)
        }
        return image
    }

    private var what: String { isVideo ? "video" : "image" }

    var refusal: HFRefusal { HFRefusal(settings: settings, model: model, provider: provider, isMaking: true) }

    static func tooLarge(_ bytesMax: Int) -> String {
        "the provider sent more than the \(bytesMax >> 20) MiB that a result may have: ask for a smaller one"
    }

    /// The body itself, or what is in `data[].b64_json` of a JSON body, which hf-inference sends now and then as well.
    private func bytes(_ reply: ProviderReply) throws(ProviderError) -> ResultBytes {
        guard ImageFault.isJSON(reply.body) else { return reply.result }
        guard let document = reply.json else {
            throw bad("the provider sent JSON that ends too early or is damaged", reply)
        }
        guard let data = document["data"]?.array, let text = data.first?["b64_json"]?.string else {
            throw bad("the provider sent JSON without an image\(said(reply))", reply)
        }
        guard let bytes = reply.result(inBase64: text) else {
            throw bad("the provider sent an image in damaged base64", reply)
        }
        return bytes
    }

    /// What a JSON body under status 200 complains about, if it does.
    private func said(_ reply: ProviderReply) -> String {
        guard ImageType(of: reply.body) == nil, reply.body.count <= HFErrorText.bytesMax else { return "" }
        return HFErrorText.read(reply, token: settings.token).map { ". It says: \($0)" } ?? ""
    }

    private func details(_ reply: ProviderReply) -> JSONObject {
        var details: JSONObject = [:]
        details["routed"] = provider.map { .string($0.rawValue) }
        details["requestId"] = HFRefusal.requestID(reply).map { .string($0) }
        if let text = reply.header("x-compute-time"), let time = Double(text), time.isFinite, time >= 0 {
            details["computeSeconds"] = .double(time)
        }
        if !dropped.isEmpty { details["dropped"] = .array(dropped.map { .string($0) }) }
        return details
    }

    /// The provider has worked, and nothing of use came of it.
    func bad(_ message: String, _ reply: ProviderReply) -> ProviderError {
        ProviderError(
            provider: "huggingface",
            kind: .badAnswer,
            message: message,
            status: reply.status,
            requestID: HFRefusal.requestID(reply),
            mayBePaid: true
        )
    }
}
