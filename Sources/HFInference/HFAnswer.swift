// Reads the answer of an image call: the image inside it, or why there is none.
internal import JSON
internal import Providers

/// Finds the image in an answer. Pure: it believes bytes and no label.
struct HFAnswer {
    let settings: HFSettings
    let model: HFModelID
    let provider: HFRoutedProvider?
    let seed: UInt32?

    /// An image in base64 is a third larger, with some JSON around it.
    static func bytesMax(image: Int) -> Int { image / 3 * 4 + (64 << 10) }

    func image(_ reply: ProviderReply, hints: HFHints) throws(ProviderError) -> ImageResult {
        guard (200..<300).contains(reply.status) else {
            throw HFRefusal(settings: settings, model: model, provider: provider).error(reply, hints: hints)
        }
        // 204 means that the model server took its caller for gone; the other ones belong to providers we do not speak.
        guard reply.status == 200 else { throw bad("the provider answered without an image", reply) }

        let bytes = try bytes(reply)
        guard bytes.count <= settings.imageBytesMax else {
            throw ProviderError(
                provider: "huggingface",
                kind: .tooLarge,
                message: Self.tooLarge(settings.imageBytesMax),
                status: reply.status,
                requestID: HFRefusal.requestID(reply)
            )
        }
        do {
            let image = try ImageResult(
                bytes: bytes,
                provider: "huggingface",
                model: model.text,
                seed: seed,
                cost: nil,
                details: details(reply)
            )
            guard image.info.type.isStill else { throw bad("the provider sent a video and not an image", reply) }
            return image
        } catch let fault as ImageFault {
            throw bad("the provider sent no usable image: \(fault)\(said(reply))", reply)
        } catch let error as ProviderError {
            throw error
        } catch {
            throw bad("the provider sent no usable image", reply)
        }
    }

    static func tooLarge(_ bytesMax: Int) -> String {
        "the provider sent more than the \(bytesMax >> 20) MiB that an image may have: ask for a smaller one"
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
        return details
    }

    private func bad(_ message: String, _ reply: ProviderReply) -> ProviderError {
        ProviderError(
            provider: "huggingface",
            kind: .badAnswer,
            message: message,
            status: reply.status,
            requestID: HFRefusal.requestID(reply)
        )
    }
}
