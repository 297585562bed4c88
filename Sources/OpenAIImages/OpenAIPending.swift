// A picture that is made, and paid, but could not be fetched yet: what is kept until it is.
internal import JSON

/// The state between two runs of one attempt. Holds an address and facts, and never the key.
struct OpenAIPending: Equatable {
    let url: String
    var model: String?
    var details: JSONObject = [:]
    /// How often fetching it has failed.
    var failures: Int

    /// After that many the attempt fails: by then the address is more likely gone than slow.
    static let failuresMax = 4

    init(url: String, facts: OpenAIAnswer.Facts, failures: Int = 0) {
        self.url = url
        model = facts.model
        details = facts.details
        self.failures = failures
    }

    /// - Returns: nil for what is no such state.
    init?(_ state: JSONValue?) {
        guard let state, let url = state["url"]?.string, let failures = state["failures"]?.integer else { return nil }
        self.url = url
        model = state["model"]?.string
        details = state["details"]?.object ?? [:]
        self.failures = Int(clamping: failures)
    }

    var facts: OpenAIAnswer.Facts { OpenAIAnswer.Facts(model: model, details: details) }

    var state: JSONValue {
        var state: JSONObject = [
            "url": .string(url), "failures": .integer(Int64(failures)), "details": .object(details),
        ]
        state["model"] = model.map { .string($0) }
        return .object(state)
    }

    /// 1, 2, 4 s.
    var pause: Duration { .seconds(1 << min(max(failures - 1, 0), 3)) }

    static func == (left: OpenAIPending, right: OpenAIPending) -> Bool { left.state == right.state }
}
