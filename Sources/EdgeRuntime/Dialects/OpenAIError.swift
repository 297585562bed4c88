// An error in the envelope that OpenAI's clients unwrap (facts/openai-images.md 4).
internal import EdgeHTTP
internal import JSON
internal import Limits

/// One error: its status, the envelope's four members, and whether trying again can help.
struct OpenAIError: Equatable {
    let status: Int
    let message: String
    let type: String
    let param: String?
    let code: String?
    let retryAfter: Int?
    let allow: [String]
    let rateLimit: RateLimitFields?
    /// The official client tries 408, 409, 429 and 5xx again unless it is told not to: each would be paid for anew.
    let canRetryHelp: Bool

    /// The longest Retry-After that the client waits for.
    static let retryAfterMax = 120

    init(_ problem: Problem, endsJob: Bool = false) {
        status = problem.status
        message = problem.message
        retryAfter = problem.retryAfter
        allow = problem.allow
        rateLimit = problem.rateLimit
        let isSoon = problem.retryAfter.map { $0 <= Self.retryAfterMax } ?? false
        switch problem.status {
        case 408, 409: canRetryHelp = true
        case 429, 503: canRetryHelp = isSoon
        case 500...: canRetryHelp = isSoon || !endsJob
        default: canRetryHelp = false
        }
        let isModel = problem.field == "model" || problem.code.contains("model")
        switch problem.status {
        case 401: (type, code) = ("invalid_request_error", "invalid_api_key")
        case 402: (type, code) = ("insufficient_quota", "insufficient_quota")
        case 404 where isModel: (type, code) = ("invalid_request_error", "model_not_found")
        case 422 where problem.code == "content_refused":
            (type, code) = ("invalid_request_error", "moderation_blocked")
        case 429 where ["daily_limit", "monthly_limit"].contains(problem.code):
            (type, code) = ("insufficient_quota", "insufficient_quota")
        case 429: (type, code) = ("requests", "rate_limit_exceeded")
        case 503: (type, code) = ("service_unavailable_error", "server_is_overloaded")
        case 500...: (type, code) = ("server_error", problem.code.lowercased())
        default: (type, code) = ("invalid_request_error", Self.codes[problem.code] ?? problem.code.lowercased())
        }
        param = problem.status == 404 && isModel ? "model" : problem.field.map { Self.params[$0] ?? $0 }
    }

    private static let codes = [
        "invalid_field": "invalid_value", "unknown_field": "unknown_parameter", "prompt_refused": "moderation_blocked",
    ]
    /// Fields of functions by the names that a client of this API gave them.
    private static let params = ["width": "size", "height": "size", "steps": "num_inference_steps"]

    var body: [UInt8] {
        let error: JSONObject = [
            "message": .string(message), "type": .string(type), "param": param.map { .string($0) } ?? .null,
            "code": code.map { .string($0) } ?? .null,
        ]
        return JSONObject(dictionaryLiteral: ("error", .object(error))).encoded()
    }

    func response(requestID: String) -> HTTPResponse {
        var headers: HTTPHeaders = [
            "Content-Type": "application/json", "Cache-Control": "no-store", "X-Request-Id": requestID,
        ]
        if let retryAfter { headers.add("Retry-After", "\(retryAfter)") }
        if !canRetryHelp { headers.add("X-Should-Retry", "false") }
        for (name, value) in rateLimit?.headers ?? [] { headers.add(name, value) }
        if status == 401 { headers.add("WWW-Authenticate", "Bearer") }
        if !allow.isEmpty { headers.add("Allow", allow.joined(separator: ", ")) }
        return HTTPResponse(status: status, headers: headers, body: .bytes(body))
    }
}
