// How a provider's error is told to the host: a status that decides what the host does, and a problem document.
public import JSON

extension ProviderError {
    /// The answer of a function's run that failed.
    public struct Answer: Sendable, Equatable {
        public let status: Int
        /// Whole seconds; nil where the host's own backoff decides.
        public let retryAfter: Int?
        /// Problem members (RFC 9457) with `code`, and `estimate` in seconds while a model loads.
        public let problem: JSONObject
    }

    /// A loading model's estimate is a guess (Hugging Face says 20.0 whatever is true): it is asked again within these.
    public static let loadingWaitSeconds = 1...10

    /// Where a limit or a loading model says no time, neither does this: the host's own backoff decides, and remembers how often.
    public var answer: Answer {
        var problem: JSONObject = [
            "status": .integer(Int64(code.status)),
            "detail": .string(description), "code": .string(code.name), "provider": .string(provider),
        ]
        if case .loading(let estimate?) = kind { problem["estimate"] = .double(Self.seconds(estimate)) }
        if case .loading = kind { problem["loading"] = true }
        problem["providerStatus"] = status.map { .integer(Int64($0)) }
        problem["providerRequestId"] = requestID.map { .string($0) }
        if mayBePaid { problem["mayBePaid"] = true }
        if isOver { problem["state"] = JSONValue.null }
        if isUnfit { problem["unfit"] = true }
        return Answer(status: code.status, retryAfter: retryAfter, problem: problem)
    }

    /// Final statuses are 4xx, and another attempt is 5xx (isolate-protocol.md). What only the operator can mend is 424:
    /// 401 or 403 would tell callers that their own credentials are at fault.
    private var code: (status: Int, name: String) {
        switch kind {
        case .refused: (400, "provider_refused")
        case .moderated: (422, "content_refused")
        case .credentials: (424, "provider_credentials")
        case .permission: (424, "provider_permission")
        case .payment: (402, "provider_payment")
        case .rateLimited: (429, "provider_rate_limited")
        case .loading: (503, "model_loading")
        case .notFound: (404, "model_not_found")
        case .unavailable(nil): (502, "provider_unavailable")
        case .unavailable: (503, "provider_unavailable")
        case .badAnswer: (502, "provider_bad_answer")
        case .tooLarge: (424, "provider_answer_too_large")
        case .network: (502, "provider_unreachable")
        case .settings: (424, "provider_settings")
        case .canceled: (499, "canceled")
        }
    }

    private var retryAfter: Int? {
        switch kind {
        case .rateLimited(let after?), .unavailable(let after?): return max(1, Self.wholeSeconds(after))
        case .loading(let estimate?):
            let limits = Self.loadingWaitSeconds
            return min(max(Self.wholeSeconds(estimate), limits.lowerBound), limits.upperBound)
        default: return nil
        }
    }

    /// Rounded up: coming back too early is refused again.
    private static func wholeSeconds(_ duration: Duration) -> Int {
        let (seconds, rest) = duration.components
        return Int(clamping: seconds) + (rest > 0 ? 1 : 0)
    }

    private static func seconds(_ duration: Duration) -> Double {
        let milliseconds = (duration / .milliseconds(1)).rounded()
        return milliseconds / 1000
    }
}
