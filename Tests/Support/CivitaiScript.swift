// A stand-in for Civitai, written from its fact sheet, that remembers external ids and counts what it is paid for.
public import EdgeLoop
public import JSON

/// Workflows, blobs, signed addresses and accounts on one port. A workflow with a new `externalId` gets a ``CivitaiPlay``; one with an
/// id that is known gets the workflow that there is. Calls without the key are refused, and so is a fetch that brings it.
///
///     let civitai = try CivitaiScript([.lostAfter, .refused(.json(403, "\"not enough buzz\""))], then: .normal)
///     ... use civitai.environment ...
///     #expect(civitai.paid(for: "a kite") == 1)
@LoopActor
public final class CivitaiScript {
    public nonisolated static let key = "civ_scriptedUpstreamKey0123456789"
    public nonisolated static let model = "urn:air:sd1:checkpoint:civitai:4384@128713"

    public let upstream: ScriptedUpstream
    private let desk: CivitaiDesk

    /// - Parameter script: for the first workflows with a new id, then `last` for all others.
    public convenience init(_ script: [CivitaiPlay] = [], then last: CivitaiPlay = .normal) throws {
        try self.init { number, _ in number <= script.count ? script[number - 1] : last }
    }

    /// - Parameter choose: decides by the number of the workflow, from 1 (counting those with a new id), and its prompt.
    public init(_ choose: @escaping @LoopActor (Int, String) -> CivitaiPlay) throws {
        let desk = CivitaiDesk(choose)
        self.desk = desk
        upstream = try ScriptedUpstream { desk.answer($0) }
        desk.url = upstream.url
    }

    /// What a host needs to come here.
    public var environment: [(name: String, value: String)] {
        [("CIVITAI_API_KEY", Self.key), ("CIVITAI_BASE_URL", upstream.url), ("CIVITAI_SITE_URL", upstream.url)]
    }

    /// Every workflow that was submitted, refused and repeated ones included; trials are none.
    public var sent: [JSONValue] { desk.sent }
    /// The prompt of each of these.
    public var prompts: [String] {
        sent.map { $0["steps"]?.array?.first?["input"]?["prompt"]?.string ?? "" }
    }
    /// The key of each of these.
    public var sentKeys: [String] { desk.sentKeys }
    /// The workflows that were only to be priced.
    public var trials: [JSONValue] { desk.trials }
    /// The external ids of the workflows that were taken, in their order.
    public var taken: [String] { desk.taken }
    public var questions: Int { desk.questions }
    public var fetches: Int { desk.fetches }
    public var refreshes: Int { desk.refreshes }
    /// Calls for the account.
    public var checks: Int { desk.checks }
    public var checkKeys: [String] { desk.checkKeys }
    /// The workflows that were canceled.
    public var canceled: [String] { desk.canceled }
    /// Every call.
    public var calls: Int { upstream.calls }
    /// Workflows that made an image, by external id. Never above 1: an id is taken once.
    public var paid: [String: Int] { desk.paid }
    /// Workflows that made an image of one prompt: above 1 where somebody paid twice.
    public func paid(for prompt: String) -> Int { desk.paidByPrompt[prompt] ?? 0 }
    public var paidInAll: Int { desk.paidByPrompt.values.reduce(0, +) }
    /// The keys that are taken; others get 401.
    public var keys: Set<String> {
        get { desk.keys }
        set { desk.keys = newValue }
    }
    /// What `/api/v1/me` answers.
    public var account: JSONValue {
        get { desk.account }
        set { desk.account = newValue }
    }
    /// `transactions.insufficientBuzz` of trials.
    public var lacksBuzz: JSONValue? {
        get { desk.lacksBuzz }
        set { desk.lacksBuzz = newValue }
    }

    /// Returns when so many workflows were submitted.
    public func called(_ count: Int) async throws {
        try await desk.changes.wait(for: "workflow \(count) at Civitai; there were \(sent.count)") {
            sent.count >= count
        }
    }

    /// Returns when so many workflows were canceled.
    public func canceled(_ count: Int) async throws {
        try await desk.changes.wait(for: "cancellation \(count) at Civitai") { canceled.count >= count }
    }

    /// An error as problem+json.
    public nonisolated static func problem(
        _ status: Int,
        _ title: String,
        detail: String? = nil,
        errors: JSONObject? = nil,
        headers: [(String, String)] = []
    ) -> ScriptedAnswer {
        var json: JSONObject = ["type": "about:blank", "title": .string(title), "status": .integer(Int64(status))]
        json["detail"] = detail.map { .string($0) }
        json["errors"] = errors.map { .object($0) }
        return .status(
            status,
            headers: [("Content-Type", "application/problem+json")] + headers,
            body: JSONValue.object(json).encoded()
        )
    }

    /// An error as a bare JSON string.
    public nonisolated static func text(_ status: Int, _ text: String) -> ScriptedAnswer {
        .json(status, JSONValue.string(text).text())
    }

    /// A page of HTML, as gateways answer.
    public nonisolated static func page(_ status: Int, headers: [(String, String)] = []) -> ScriptedAnswer {
        .status(
            status,
            headers: [("Content-Type", "text/html")] + headers,
            body: Array("<!DOCTYPE html><html><body>\(status)</body></html>".utf8)
        )
    }

    /// The bytes that a prompt's image has.
    public nonisolated static func picture(_ prompt: String) -> [UInt8] { TestPicture.png(prompt) }
}
