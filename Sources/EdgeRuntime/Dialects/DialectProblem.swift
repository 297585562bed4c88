// An error on the way of a request that came in another API's words.
internal import EdgeHTTP
internal import EdgeLoop

/// A problem, and whether it is the end of a job: the host has tried again for it as often as settings allow.
struct DialectProblem: Error {
    let problem: Problem
    let endsJob: Bool
}

extension FunctionEntry.Dialect {
    /// An error as the clients of this API read it.
    func response(_ problem: Problem, endsJob: Bool = false, requestID: String) -> HTTPResponse {
        switch self {
        case .openai: OpenAIError(problem, endsJob: endsJob).response(requestID: requestID)
        case .huggingface: HuggingFaceError(problem, endsJob: endsJob).response
        }
    }
}
