// A stand-in for Runware, written from its fact sheet, that remembers task ids and counts what it is paid for.
public import EdgeLoop
public import JSON

/// The API at `/v1` and the host of results on one port. A task with a new id gets a ``RunwarePlay``; one with an id that
/// is known gets `conflictTaskUUID`. Calls without the key are refused, and so is a fetch that brings it.
///
///     let runware = try RunwareScript([.lostAfter, .refused("rateLimitExceeded", status: 429)], then: .normal)
///     ... use runware.environment ...
///     #expect(runware.paid(for: "a kite") == 1)
@LoopActor
public final class RunwareScript {
    public nonisolated static let key = "rw_scriptedUpstreamKey0123456789"
    public nonisolated static let model = "runware:100@1"
    /// What each result costs, in USD, where the task asks for it.
    public nonisolated static let cost = 0.0031

    public let upstream: ScriptedUpstream
    private let desk: RunwareDesk

    /// - Parameters:
    ///   - script: for the first tasks with a new id, then `last` for all others.
    ///   - remembersRefused: whether an id is used up by a refusal as well; the sheet does not say.
    public convenience init(
        _ script: [RunwarePlay] = [],
        then last: RunwarePlay = .normal,
        remembersRefused: Bool = false
    ) throws {
        try self.init(remembersRefused: remembersRefused) { number, _ in
            number <= script.count ? script[number - 1] : last
        }
    }

    /// - Parameter choose: decides by the number of the task, from 1 (counting those with a new id), and its prompt.
    public init(
        remembersRefused: Bool = false,
        _ choose: @escaping @LoopActor (Int, String) -> RunwarePlay
    ) throws {
        let desk = RunwareDesk(remembersRefused: remembersRefused, choose)
        self.desk = desk
        upstream = try ScriptedUpstream { desk.answer($0) }
        desk.url = upstream.url
    }

    /// What a host needs to come here.
    public var environment: [(name: String, value: String)] {
        [("RUNWARE_API_KEY", Self.key), ("RUNWARE_BASE_URL", upstream.url + "/v1")]
    }

    /// Every task that was sent, refused and repeated ones included.
    public var sent: [JSONValue] { desk.sent }
    /// The key of each of these.
    public var sentKeys: [String] { desk.sentKeys }
    /// The keys that asked what became of a task.
    public var questionKeys: Set<String> { desk.questionKeys }
    /// The keys that are taken; others get `invalidApiKey`.
    public var keys: Set<String> {
        get { desk.keys }
        set { desk.keys = newValue }
    }
    /// The ids of the tasks that were taken, in their order.
    public var taken: [String] { desk.taken }
    /// How often it was asked what became of a task.
    public var questions: Int { desk.questions }
    /// How often a result's bytes were asked for.
    public var fetches: Int { desk.fetches }
    /// Calls for the account or a ping.
    public var checks: Int { desk.checks }
    /// Every call.
    public var calls: Int { upstream.calls }
    /// Generations that were made, by task id. Never above 1: an id is taken once.
    public var paid: [String: Int] { desk.paid }
    /// Generations that were made of one prompt: above 1 where somebody paid twice.
    public func paid(for prompt: String) -> Int { desk.paidByPrompt[prompt] ?? 0 }
    /// All generations that were made.
    public var paidInAll: Int { desk.paidByPrompt.values.reduce(0, +) }
    /// What `accountManagement` answers as `balance`; nil: `errorRetrievingAccountManagement`.
    public var balance: JSONValue? {
        get { desk.balance }
        set { desk.balance = newValue }
    }

    /// Returns when so many tasks were sent.
    public func called(_ count: Int) async throws {
        try await desk.changes.wait(for: "task \(count) at Runware; there were \(sent.count)") { sent.count >= count }
    }

    /// An error of that code with an empty `data`, for ``RunwarePlay/questions(_:)``.
    public nonisolated static func error(_ code: String, status: Int = 400, more: String = "") -> ScriptedAnswer {
        .json(status, #"{"data":[],"errors":[{"code":"\#(code)","message":"it says \#(code)"\#(more)}]}"#)
    }

    /// A page of HTML, as gateways answer.
    public nonisolated static func page(_ status: Int, headers: [(String, String)] = []) -> ScriptedAnswer {
        .status(
            status,
            headers: [("Content-Type", "text/html")] + headers,
            body: Array("<html><body>\(status)</body></html>".utf8)
        )
    }

    /// The bytes that a prompt's image has.
    public nonisolated static func picture(_ prompt: String) -> [UInt8] { TestPicture.png(prompt) }

    /// The bytes that a prompt's video has: the least that has the structure of an MP4.
    public nonisolated static func video(_ prompt: String) -> [UInt8] {
        let data = Array(prompt.utf8)
        return [0, 0, 0, 16] + Array("ftypisom".utf8) + [0, 0, 0, 0] + [0, 0, 0, 8] + Array("moov".utf8)
            + [0, 0, UInt8(truncatingIfNeeded: (data.count + 8) >> 8), UInt8(truncatingIfNeeded: data.count + 8)]
            + Array("mdat".utf8) + data
    }
}
