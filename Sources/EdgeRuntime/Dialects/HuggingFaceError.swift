// An error as Hugging Face's clients read it: `{"error": "..."}` (facts/huggingface.md 5).
internal import EdgeHTTP
internal import JSON
internal import Limits

/// One error. Its status is never 503: the JavaScript client would ask again at once and without end.
struct HuggingFaceError: Equatable {
    let status: Int
    let message: String
    let retryAfter: Int?
    let allow: [String]
    let rateLimit: RateLimitFields?

    init(_ problem: Problem, endsJob: Bool = false) {
        message = problem.message
        retryAfter = problem.retryAfter
        allow = problem.allow
        rateLimit = problem.rateLimit
        status =
            switch problem.status {
            case 503 where endsJob: 504  // it waited for its model as long as a job may
            case 503 where Self.busyCodes.contains(problem.code): 429
            case 503: 502
            default: problem.status
            }
    }

    /// What passes when others have been served.
    private static let busyCodes: Set<String> = ["too_many_jobs", RuntimeFault.workerLimit.rawValue]

    var response: HTTPResponse {
        var headers: HTTPHeaders = ["Content-Type": "application/json", "Cache-Control": "no-store"]
        if let retryAfter { headers.add("Retry-After", "\(retryAfter)") }
        for (name, value) in rateLimit?.headers ?? [] { headers.add(name, value) }
        if status == 401 { headers.add("WWW-Authenticate", "Bearer") }
        if !allow.isEmpty { headers.add("Allow", allow.joined(separator: ", ")) }
        let body: JSONObject = ["error": .string(message)]
        return HTTPResponse(status: status, headers: headers, body: .bytes(body.encoded()))
    }
}
