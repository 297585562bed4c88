// Reads the answer of an image call: the image inside it, where it is, or why there is none.
internal import JSON
internal import Providers

/// Finds the image in an answer. Pure: it believes bytes and no label.
struct OpenAIAnswer {
    let settings: OpenAISettings
    let model: OpenAIModel?
    /// Where it was sent: other servers than OpenAI's may leave it out of account.
    let seed: UInt32?

    /// An image in base64 is a third larger, with some JSON around it.
    static func bytesMax(image: Int) -> Int { image / 3 * 4 + (64 << 10) }

    enum Place {
        case here(ResultBytes)
        case at(url: String)
    }

    /// Facts beside the image that are worth keeping.
    struct Facts {
        var model: String?
        var details: JSONObject = [:]
    }

    /// - Throws: ``ProviderError`` of kind `badAnswer`; a moderated picture is one of kind `moderated`.
    func read(_ reply: ProviderReply) throws(ProviderError) -> (Place, Facts) {
        guard let document = reply.json else {
            // Some servers send the picture itself.
            if ImageType(of: reply.body) != nil { return (.here(reply.result), facts(of: nil, reply)) }
            let fault = ImageFault.isJSON(reply.body) ? "JSON that ends too early or is damaged" : "no JSON"
            throw bad("the server sent \(fault)\(said(reply)): check that OPENAI_BASE_URL is an images API", reply)
        }
        // A stream ends with an event that is the entry itself.
        let isEvent = document["data"] == nil && OpenAIEvent(document) == .completed
        guard let entry = isEvent ? document : document["data"]?.array?.first else {
            throw bad("the server sent JSON without an image\(said(reply))", reply)
        }
        let facts = facts(of: document, reply)
        if let text = entry["b64_json"]?.string, !text.isEmpty { return (.here(try decoded(text, reply)), facts) }
        guard let url = entry["url"]?.string, !url.isEmpty else {
            throw bad("the server sent JSON without an image\(said(reply))", reply)
        }
        if url.hasPrefix("https://") || url.hasPrefix("http://") {
            guard url.utf8.count <= Self.urlBytesMax else { throw bad("the picture's address is too long", reply) }
            return (.at(url: url), facts)
        }
        // A data URI, or the picture that stood there.
        guard url.hasPrefix("data:") || reply.result(inBase64: url) != nil else {
            throw bad(
                "the picture's address is no whole http or https one: the server must send such, or base64",
                reply
            )
        }
        return (.here(try decoded(url, reply)), facts)
    }

    /// An address goes into the job file when the picture has to be fetched again.
    static let urlBytesMax = 8 << 10

    /// - Parameter reply: the one that the bytes came with.
    func image(_ bytes: ResultBytes, _ facts: Facts, _ reply: ProviderReply) throws(ProviderError) -> ImageResult {
        guard bytes.count <= settings.imageBytesMax else {
            throw ProviderError(
                provider: OpenAIImages.name,
                kind: .tooLarge,
                message: Self.tooLarge(settings.imageBytesMax),
                status: reply.status,
                requestID: OpenAIRefusal.requestID(reply),
                mayBePaid: true
            )
        }
        let image: ImageResult
        do {
            image = try ImageResult(
                bytes: bytes,
                provider: OpenAIImages.name,
                model: facts.model,
                seed: seed,
                cost: nil,
                details: facts.details
            )
        } catch {
            throw bad("the server sent no usable image: \(error)", reply)
        }
        guard image.info.type.isStill else { throw bad("the server sent a video and not an image", reply) }
        return image
    }

    static func tooLarge(_ bytesMax: Int) -> String {
        "the server sent more than the \(bytesMax >> 20) MiB that an image may have: ask for a smaller one"
    }

    /// The server worked, and perhaps charged, for what cannot be used.
    func bad(_ message: String, _ reply: ProviderReply) -> ProviderError {
        ProviderError(
            provider: OpenAIImages.name,
            kind: .badAnswer,
            message: message,
            status: reply.status,
            requestID: OpenAIRefusal.requestID(reply),
            mayBePaid: true
        )
    }

    private func decoded(_ text: String, _ reply: ProviderReply) throws(ProviderError) -> ResultBytes {
        guard let bytes = reply.result(inBase64: text) else {
            throw bad("the server sent an image in damaged base64", reply)
        }
        return bytes
    }

    /// What a body under status 200 complains about, if it does.
    private func said(_ reply: ProviderReply) -> String {
        guard reply.body.count <= OpenAIFault.bytesMax else { return "" }
        return SaidText.line(OpenAIFault(reply.body).message, hiding: settings.key).map { ". It says: \($0)" } ?? ""
    }

    /// A picture that is not finished, out of an event; nil when it cannot be shown.
    func partial(_ reply: ProviderReply) -> PartialImage? {
        guard let event = reply.json, let text = event["b64_json"]?.string,
            let bytes = reply.result(inBase64: text), bytes.count <= settings.imageBytesMax
        else { return nil }
        let index = event["partial_image_index"]?.integer.flatMap { Int(exactly: $0) } ?? 0
        return try? PartialImage(bytes: bytes, index: max(0, index), details: looks(of: event))
    }

    /// How the picture was made.
    private func looks(of document: JSONValue?) -> JSONObject {
        var details: JSONObject = [:]
        for name in ["quality", "background"] {
            guard let text = document?[name]?.string else { continue }
            details[name] = SaidText.line(text, hiding: settings.key).map { .string($0) }
        }
        return details
    }

    private func facts(of document: JSONValue?, _ reply: ProviderReply) -> Facts {
        var details = looks(of: document)
        details["requestId"] = OpenAIRefusal.requestID(reply).map { .string($0) }
        details["usage"] = document?["usage"].flatMap { Self.usage($0) }
        if let text = document?["data"]?.array?.first?["revised_prompt"]?.string {
            details["revisedPrompt"] = SaidText.line(text, hiding: settings.key).map { .string($0) }
        }
        return Facts(model: model?.text, details: details)
    }

    /// The counts of tokens that are known, by their own names; nothing else that a server may send there.
    private static func usage(_ value: JSONValue) -> JSONValue? {
        func counts(_ value: JSONValue?, _ names: [String]) -> JSONObject {
            var counts: JSONObject = [:]
            for name in names { counts[name] = value?[name]?.integer.map { .integer($0) } }
            return counts
        }
        var usage = counts(value, ["input_tokens", "output_tokens", "total_tokens"])
        for name in ["input_tokens_details", "output_tokens_details"] {
            let part = counts(value[name], ["text_tokens", "image_tokens"])
            if !part.isEmpty { usage[name] = .object(part) }
        }
        return usage.isEmpty ? nil : .object(usage)
    }
}
