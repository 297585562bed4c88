// How one run ended.

/// What a run tells the host. Any failure may also be thrown as a ``Problem``.
public enum Outcome: Sendable, Equatable {
    /// Done: at least one artifact.
    case made([Artifact])
    /// Done, with nothing to show but these facts (at most 8 KiB as JSON): for functions that work for the host alone
    /// (`"public": false`). Elsewhere it is a failed attempt.
    case done(JSONObject)
    /// The provider works on it: run again after that time, with that state (at most 16 KiB). No failure, no attempt used.
    case later(after: Duration, state: JSONValue)
    /// 429 or 503 with ``Problem/retryAfter``: again then, no attempt used. Any other 5xx: a failed attempt. Any other 4xx: final.
    case problem(Problem)

    /// Done, with one artifact.
    public static func made(_ artifact: Artifact) -> Outcome { .made([artifact]) }

    /// The provider's limit is reached (429).
    public static func limited(after: Duration, detail: String, state: JSONValue? = nil) -> Outcome {
        var problem = Problem(status: 429, code: "provider_limit", detail: detail, retryAfter: after)
        problem.members["state"] = state
        return .problem(problem)
    }

    /// The model is loading (503).
    /// - Parameter estimate: how long the provider thinks that it takes; callers see it.
    public static func loading(
        after: Duration,
        estimate: Duration? = nil,
        detail: String,
        state: JSONValue? = nil
    ) -> Outcome {
        var problem = Problem(status: 503, code: "model_loading", detail: detail, retryAfter: after)
        problem.members["estimate"] = estimate.map { .double($0 / .seconds(1)) }
        problem.members["state"] = state
        return .problem(problem)
    }

    /// - Throws: ``ArtifactError``
    func response(requestID: String?) throws -> Response {
        switch self {
        case .made(let artifacts):
            guard !artifacts.isEmpty else {
                throw Problem(status: 500, code: "no_artifact", detail: "The run ended without an artifact.")
            }
            return try Response(artifacts)
        case .done(let facts):
            let result = try Artifact([], type: "", facts: facts).result()
            return Response(status: 204, headers: ["Edge-Result": result])
        case .later(let after, let state):
            var response = Response.json(["state": state], status: 202)
            response.headers["Retry-After"] = "\(after.roundedUpSeconds)"
            return response
        case .problem(let problem): return problem.response(requestID: requestID)
        }
    }
}
