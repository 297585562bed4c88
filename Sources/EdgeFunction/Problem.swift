// An error that callers may read: one JSON object with a status.

/// What went wrong, for the caller. Thrown by a function, it becomes the answer.
///
/// In a job, 4xx (but 429) ends it for good, 429 and 503 with ``retryAfter`` mean "again, then", any other 5xx is a failed attempt.
public struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
    /// 400 to 599.
    public var status: Int
    /// A word for programs: `unknown_model`.
    public var code: String
    /// A sentence for people: what happened, and what to do.
    public var detail: String
    /// When to ask again.
    public var retryAfter: Duration?
    /// Further members of the document, such as `field`, or a run's `estimate` and `state`. One with the name of a usual member
    /// replaces it.
    public var members: JSONObject
    /// Sent with it, such as `Allow`.
    public var headers = HTTPHeaders()

    public init(
        status: Int,
        code: String,
        detail: String,
        retryAfter: Duration? = nil,
        members: JSONObject = [:]
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.retryAfter = retryAfter
        self.members = members
    }

    public var description: String { "\(status) \(code): \(detail)" }

    /// The error of a function that failed in a way it did not foresee. Says nothing of the inside.
    static let internalFailure = Problem(
        status: 500,
        code: "function_failed",
        detail: "The function failed. Its log says why."
    )

    /// - Parameter requestID: the id under which the log has this request.
    func response(requestID: String?) -> Response {
        var document: JSONObject = [
            "type": "about:blank", "title": .string("\(HTTPStatus.phrase(status))"), "status": .integer(Int64(status)),
            "detail": .string(detail), "code": .string(code),
        ]
        for member in members.members { document[member.key] = member.value }
        // The names that other clients look for.
        let text = document["detail"] ?? .string(detail)
        document["message"] = document["message"] ?? text
        document["error"] = document["error"] ?? text
        document["requestId"] = requestID.map { .string($0) }
        let seconds = retryAfter?.roundedUpSeconds
        document["retryAfter"] = document["retryAfter"] ?? seconds.map { .integer($0) }
        var response = Response.json(.object(document), status: status)
        response.headers.add(contentsOf: headers)
        if let seconds { response.headers["Retry-After"] = "\(seconds)" }
        response.headers["Cache-Control"] = "no-store"
        return response
    }
}

extension Duration {
    /// Whole seconds, never fewer than this is.
    var roundedUpSeconds: Int64 {
        let (seconds, rest) = components
        return max(0, seconds + (rest > 0 ? 1 : 0))
    }
}
