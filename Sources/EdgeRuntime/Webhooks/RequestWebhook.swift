// Takes the receiver's URL out of a request, so that neither the function nor its cache key knows of it.
internal import EdgeHTTP
internal import EdgeLoop
internal import JSON

/// `webhook` in a JSON body, or the header `Edge-Webhook`.
@LoopActor
enum RequestWebhook {
    nonisolated static let field = "webhook"
    nonisolated static let header = "Edge-Webhook"
    private nonisolated static let quotedField = Array(#""webhook""#.utf8)

    /// Whether a request has to be looked at for one: most do not hold the word, and need not be read for it.
    static func mayBe(in request: HTTPRequest, _ taken: TakenRequest) -> Bool {
        request.method == "POST" && mayName(taken.body) || request.headers.contains(header)
    }

    /// - Parameter taken: loses the field; nothing of it is remembered for equal requests.
    /// - Returns: the URL; nil: none is named.
    static func take(_ request: HTTPRequest, from taken: inout TakenRequest) async throws -> String? {
        var url = request.headers[header]
        if request.method == "POST", mayName(taken.body), var fields = await RequestPictures.object(taken.body),
            let value = fields[field]
        {
            if let found = try take(value) { url = found }
            fields[field] = nil
            taken.body = fields.encoded()
        }
        guard let url else { return nil }
        taken.repeatable = nil
        if let mistake = WebhookAddress.mistake(in: url) { throw Problem.badWebhook(mistake) }
        return url
    }

    /// The same for fields that were read already.
    static func take(from fields: inout JSONObject) throws(Problem) -> String? {
        guard let value = fields[field] else { return nil }
        fields[field] = nil
        guard let url = try take(value) else { return nil }
        if let mistake = WebhookAddress.mistake(in: url) { throw Problem.badWebhook(mistake) }
        return url
    }

    /// The same for a request in another API's words, whose fields were read already.
    static func take(_ request: HTTPRequest, from fields: inout JSONObject) throws(Problem) -> String? {
        if let url = try take(from: &fields) { return url }
        guard let url = request.headers[header] else { return nil }
        if let mistake = WebhookAddress.mistake(in: url) { throw Problem.badWebhook(mistake) }
        return url
    }

    private static func take(_ value: JSONValue) throws(Problem) -> String? {
        guard !value.isNull else { return nil }
        guard let url = value.string else { throw .badWebhook("is \(value.kind); write a URL") }
        return url
    }

    private static func mayName(_ body: [UInt8]) -> Bool {
        body.withUnsafeBufferPointer { bytes in
            var rest = bytes[...]
            while let quote = rest.firstIndex(of: UInt8(ascii: "\"")) {
                rest = bytes[quote...]
                if rest.starts(with: quotedField) { return true }
                rest = rest.dropFirst()
            }
            return false
        }
    }
}
