// What a run answers the host: an image with its facts, a wait, or a problem (isolate-protocol.md).
internal import JSON
internal import Providers

/// One answer of a run, before it becomes an HTTP response.
enum RunReply: Equatable {
    case image(ImageResult)
    /// 202: the provider works on it.
    case later(seconds: Int, state: JSONValue)
    case refusal(status: Int, retryAfter: Int?, problem: JSONObject)

    /// What a job remembers between runs: the provider's own state. Nothing else may be in it: the host takes a job with a state
    /// for one that its provider works on.
    struct State: Equatable {
        var provider: JSONValue?

        init(provider: JSONValue? = nil) { self.provider = provider }

        init(_ json: JSONValue?) { provider = json?["provider"] }

        var json: JSONValue { .object(provider.map { ["provider": $0] } ?? [:]) }
    }

    init(_ result: Result<ProviderAnswer, ProviderError>) {
        switch result {
        case .success(.image(let image)): self = .image(image)
        case .success(.later(let after, let provider)):
            self = .later(seconds: Self.wholeSeconds(after), state: State(provider: provider).json)
        case .failure(let error):
            let answer = error.answer
            self = .refusal(status: answer.status, retryAfter: answer.retryAfter, problem: answer.problem)
        }
    }

    private static func wholeSeconds(_ duration: Duration) -> Int {
        let (seconds, rest) = duration.components
        return max(1, Int(clamping: seconds) + (rest > 0 ? 1 : 0))
    }
}
