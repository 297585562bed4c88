// What a run answers the host: an image with its facts, a wait, or a problem (isolate-protocol.md).
internal import JSON
internal import Providers

/// One answer of a run, before it becomes an HTTP response.
enum RunReply: Equatable {
    case image(ImageResult)
    /// 202: the provider works on it.
    case later(seconds: Int, state: JSONValue)
    case refusal(status: Int, retryAfter: Int?, problem: JSONObject)

    /// What a job remembers between runs: the provider's own state, and how often it waited for a loading model without
    /// an estimate, which makes the next wait longer.
    struct State: Equatable {
        var provider: JSONValue?
        var waits = 0

        init() {}

        init(_ json: JSONValue?) {
            provider = json?["provider"]
            waits = json?["waits"]?.integer.flatMap { Int(exactly: $0) }.map { min(max($0, 0), Self.waitsMax) } ?? 0
        }

        var json: JSONValue {
            var json: JSONObject = [:]
            json["provider"] = provider
            if waits > 0 { json["waits"] = .integer(Int64(waits)) }
            return .object(json)
        }

        static let waitsMax = 1000
    }

    init(_ result: Result<ProviderAnswer, ProviderError>, state: State) {
        switch result {
        case .success(.image(let image)): self = .image(image)
        case .success(.later(let after, let provider)):
            var next = State()
            next.provider = provider
            self = .later(seconds: Self.wholeSeconds(after), state: next.json)
        case .failure(let error):
            let answer = error.answer(waits: state.waits)
            var problem = answer.problem
            if case .loading(nil) = error.kind {
                var next = state
                next.waits = min(next.waits + 1, State.waitsMax)
                problem["state"] = next.json
            }
            self = .refusal(status: answer.status, retryAfter: answer.retryAfter, problem: problem)
        }
    }

    private static func wholeSeconds(_ duration: Duration) -> Int {
        let (seconds, rest) = duration.components
        return max(1, Int(clamping: seconds) + (rest > 0 ? 1 : 0))
    }
}
