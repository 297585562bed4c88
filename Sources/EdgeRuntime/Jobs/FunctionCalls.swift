// How the board reaches functions: a protocol, so that its tests need no process.
internal import EdgeLoop
internal import JSON
internal import Retry

/// What came of one call of `/_edge/run`.
enum RunAnswer {
    /// The images are durable.
    case made(StoredArtifacts)
    /// Not a result: what it means is for ``RetryDecision`` to say.
    case unfinished(RunOutcome, RunNote)
}

/// What an unfinished call told besides its outcome.
struct RunNote: Equatable, Sendable {
    var status: Int?
    /// A sentence for the attempt's record and, if the job ends with it, for its callers.
    var message: String
    var code: String
    /// Replaces what the next run gets as `state`; nil: unchanged. JSON text.
    var state: [UInt8]?
    /// Whether the provider may have worked although no result came.
    var mayBePaid = false
    /// Whether the function says that what it left as state is over: nothing is left that its provider could be asked about.
    var forgetsState = false
    /// Whether only this lane cannot do the request.
    var isUnfit = false
    /// The answer's JSON members, for the problem document of a job that ends with it.
    var details: JSONObject = [:]
}

/// Calls the functions. Never throws: whatever happens to a function is an answer.
@LoopActor
protocol FunctionCalls: AnyObject {
    /// One attempt. Cancelling the task closes the connection to the function.
    func run(_ generation: Generation, attempt: Attempt, timeout: Duration) async -> RunAnswer
    /// Tells the function that nobody wants a provider's task any more.
    func cancel(_ task: LeftTask) async
}
