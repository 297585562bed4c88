// What belongs to one public request besides the request itself.
internal import Callers
internal import CivilTime
internal import EdgeHTTP
internal import EdgeLoop

/// Made when a request comes in, and told to everything that works for it.
struct RequestContext: Sendable {
    /// 16 hexadecimal digits; in the answer's X-Request-Id and in the log line.
    let id: String
    let request: HTTPRequest
    let started: ContinuousClock.Instant
    /// What absolute URLs in the answer begin with.
    let base: String
    /// Who asks; told by the function that is asked for, for each says whether it wants to know.
    var caller = Caller.local

    var origin: String? { request.headers["Origin"] }
}

/// What the log line of a request says besides the request; filled in on the way.
@LoopActor
final class RequestNotes {
    var function: String?
    var job: String?
    /// Who asked, if a function was asked for.
    var caller: Caller?
    /// `hit`, `miss`, `follow`, or `recall`.
    var cache: String?
    /// The request's body, if the answer may be remembered for it.
    var body: [UInt8]?
    /// The key under which the cache has the answer; nil: it is in no cache.
    var cacheKey: String?
    /// When the cache lets go of the answer; nil: not known.
    var expires: Timestamp?
    /// What went wrong after the head of its answer.
    var lateProblem: Problem?
}

/// Ids of requests: unique in one run of a host, and hard to mistake for those of another.
@LoopActor
struct RequestIDs {
    private var last = UInt64.random(in: 0...UInt64.max)

    mutating func next() -> UInt64 {
        last &+= 0x9e37_79b9_7f4a_7c15  // odd, so every value comes once before any comes again
        return last
    }

    mutating func make() -> String { String(hexadecimal: next()) }
}
