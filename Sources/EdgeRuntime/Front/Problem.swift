// The one shape of an error that a client sees.
package import JSON
package import Limits

/// An error as one JSON object: the members of RFC 9457, and `code`, `message`, `error` and `requestId` beside them, so that every
/// client of ours finds its own. Its text says what happened, which limit or setting, and what to do.
package struct Problem: Error, Sendable, Equatable {
    /// What is wrong with one field of the request.
    package struct FieldError: Sendable, Equatable {
        package let field: String
        package let message: String

        package init(field: String, message: String) {
            self.field = field
            self.message = message
        }
    }

    /// The HTTP status, 400 to 599.
    package var status: Int
    /// The kind of error for programs, `body_too_large`; one in capitals is a fault of the runtime under the name that Supabase has
    /// for it.
    package var code: String
    /// One or two plain sentences.
    package var message: String
    /// Whole seconds after which to try again; also sent as Retry-After.
    package var retryAfter: Int?
    /// The field of the request that is wrong.
    package var field: String?
    /// Each field that is wrong, when there are several.
    package var errors: [FieldError] = []
    /// Methods for the Allow header of a 405.
    package var allow: [String] = []
    /// The host's or a function process's failure, not an answer of the function: sent as `sb-error-code`.
    package var fault: RuntimeFault?
    /// How the limits stand of whom it refuses.
    package var rateLimit: RateLimitFields?
    /// Further members, such as those of a function's own document.
    package var more = JSONObject()

    package init(
        status: Int,
        code: String,
        message: String,
        retryAfter: Int? = nil,
        field: String? = nil,
        errors: [FieldError] = []
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
        self.field = field
        self.errors = errors
    }

    /// A failure of the runtime: its code is the one that Supabase clients know.
    package init(fault: RuntimeFault, status: Int, message: String, retryAfter: Int? = nil) {
        self.init(status: status, code: fault.rawValue, message: message, retryAfter: retryAfter)
        self.fault = fault
    }

    /// Members that are made anew; `type` and `title` of a function's document stay as they are.
    private static let ownMembers: Set<String> = [
        "status", "code", "message", "error", "detail", "requestId", "retryAfter", "field", "errors",
    ]

    /// A function's own problem document, or whatever JSON it answered a 4xx with, brought into the shape. Its further members stay.
    package init(status: Int, document: JSONObject, retryAfter: Int? = nil) {
        let texts = ["message", "detail", "error", "title"].lazy.compactMap { document[$0]?.string }
        self.init(
            status: status,
            code: document["code"]?.string ?? "function_error",
            message: texts.first { !$0.isEmpty } ?? "the function answered \(status) without a reason",
            retryAfter: retryAfter ?? document["retryAfter"]?.integer.flatMap { $0 >= 0 ? Int(clamping: $0) : nil },
            field: document["field"]?.string
        )
        errors = (document["errors"]?.array ?? []).compactMap { element in
            guard let message = element["message"]?.string else { return nil }
            return FieldError(field: element["field"]?.string ?? "", message: message)
        }
        for member in document.members where !Self.ownMembers.contains(member.key) { more[member.key] = member.value }
    }
}

/// What can go wrong between a request and a function, named as on Supabase (facts/http-conventions.md 5).
package enum RuntimeFault: String, Sendable, CaseIterable {
    /// No function of that name: the caller's mistake, so no relay error.
    case notFound = "NOT_FOUND"
    /// Its process could not start, or its circuit is open.
    case bootError = "BOOT_ERROR"
    /// Its process died under the call.
    case workerError = "WORKER_ERROR"
    /// Too many calls wait for it.
    case workerLimit = "WORKER_LIMIT"
    /// Its process went beyond its memory.
    case workerResourceLimit = "WORKER_RESOURCE_LIMIT"
    /// No answer within its time.
    case idleTimeout = "IDLE_TIMEOUT"
    /// What it answered is no HTTP answer.
    case invalidResponse = "INVALID_RESPONSE_STATUS_CODE"
    /// The host itself failed.
    case internalError = "INTERNAL_ERROR"
}
