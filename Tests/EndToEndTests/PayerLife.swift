// Who pays: a caller by an own token, others by the host's money until the day's amount is used, of which its owner is told.
import CivilTime
import EdgeLoop
import JSON
import TestSupport
import Testing

/// A caller keeps a token and uses it, and another one that it removes. Then somebody else's image takes the day's spending past the
/// amount to warn at, and the next one is refused.
@LoopActor
final class PayerLife: HostLife {
    private static let token = "rw_annsOwnToken0123456789"
    private static let otherToken = "hf_annsOwnToken01234567"

    let host: EdgeHost
    private let runware: RunwareScript
    private let huggingface: HuggingFaceScript
    private let receiver: ScriptedUpstream
    /// Who has the tokens, and somebody else.
    private var ann: Headers = []
    private var bob: Headers = []
    /// What hosts have said of the caller's tokens, by provider; a change that was not answered is not in here.
    private var isKept: [String: Bool] = [:]
    private var ids: [String: String] = [:]

    init() async throws {
        runware = try RunwareScript()
        runware.keys = [RunwareScript.key, Self.token]
        huggingface = try HuggingFaceScript()
        huggingface.accounts[Self.otherToken] = "ann"
        receiver = try ScriptedUpstream(always: .status(200))
        var options = EdgeOptions(
            manifest: TestManifest.bundled([
                (
                    "host.spend",
                    [
                        "warn": .integer(Self.price - 100), "stop": .integer(Self.limit),
                        "webhook": .string("\(receiver.url)/money"),
                    ]
                ), ("host.timeZone", .string(Self.zoneAtNoon)),
            ]),
            environment: runware.environment + huggingface.environment + [
                ("RUNWARE_DELIVERY", "sync"), ("EDGE_WEBHOOK_UNSIGNED", "1"), ("EDGE_WEBHOOK_ALLOW", "127.0.0.1"),
                ("EDGE_WEBHOOK_WAITS", "1s"),
                ("EDGE_TOKEN_KEY", "0123456789abcdef0123456789abcdefffeeddccbbaa99887766554433221100"),
            ]
        )
        options.settings = TestSettings.bundled([
            ("results.allow", ["127.0.0.1", "::1"]),
            ("prices", [["provider": "runware", "microdollars": .integer(Self.price)]]),
        ])
        host = EdgeHost(options)
        ann = try await key("ann")
        bob = try await key("bob")
    }

    /// Made before the first host starts.
    private func key(_ name: String) async throws -> Headers {
        let made = try await runEdge(
            ["keys", "create", "--name", name, "--tier", "pro", "--state", host.state],
            in: host.folder
        )
        guard let key = made.output.split(separator: "\n").first.map(String.init) else {
            throw UnexpectedDocument(text: made.text)
        }
        return [("x-api-key", key)]
    }

    func prepare(faults: Int) {}

    // MARK: Money

    /// Micro-dollars of one image, and of a day: one image, but not two.
    private static let price: Int64 = 3100
    private static let limit: Int64 = 4000

    /// A zone in which the day does not end while this runs.
    private static let zoneAtNoon: String = {
        let ahead = 12 - Int(Timestamp.now().milliseconds / 3_600_000 % 24)
        return ahead == 0 ? "Etc/UTC" : "Etc/GMT\(ahead > 0 ? "-" : "+")\(abs(ahead))"
    }()

    // MARK: The life

    func run() async throws {
        try await checkKept()
        try await change("runware", to: Self.token)
        let owl = try await followed(try await taken("an owl", ann))
        guard owl["own"] == true, owl["cost"] == 0 else {
            throw PromiseBroken(text: "the job with an own token was not paid with it: \(owl.text())")
        }
        try await change("huggingface", to: Self.otherToken)
        try await change("huggingface", to: nil)
        _ = try await followed(try await taken("a hen", bob))
        try await checkMoney("with one bought", limit: Self.limit)
        let refused = try await patiently { try await host.generate(Self.asked("an elk"), bob) }
        guard refused.status == 402 else { throw UnexpectedDocument(text: refused.text) }
        try await checkMoney("with one refused", limit: Self.limit)
        try await checkKept()
        try await eventually(
            "the alerts of \(told.keys.sorted())",
            asking: {
                _ = try await host.get("/healthz")  // fails when the host is gone
                let isStuck = ["about spending waits", "could not be written"].contains {
                    host.output.text.contains($0)
                }
                return isStuck || delivered == Self.alerts.count
            }
        )
    }

    private static func asked(_ prompt: String) -> JSONValue {
        ["prompt": .string(prompt), "provider": "runware", "width": 512, "height": 512]
    }

    private func taken(_ prompt: String, _ caller: Headers) async throws -> String {
        if let id = ids[prompt] { return id }
        let id = try await accepted(Self.asked(prompt), key: prompt, caller)
        ids[prompt] = id
        return id
    }

    /// Keeps a token, or removes it, and notes that the host has said so.
    private func change(_ provider: String, to token: String?) async throws {
        isKept[provider] = nil
        let body: JSONValue? = token.map { ["token": .string($0)] }
        let answer = try await patiently {
            try await host.ask(
                body == nil ? "DELETE" : "PUT",
                "/functions/v1/tokens/\(provider)",
                ann,
                body: body?.encoded()
            )
        }
        guard (200..<300).contains(answer.status) else { throw UnexpectedDocument(text: answer.text) }
        isKept[provider] = body != nil
    }

    private func checkKept() async throws {
        for (provider, isKept) in isKept {
            let answer = try await host.get("/functions/v1/tokens/\(provider)", ann)
            guard answer.status == (isKept ? 200 : 404), answer.json["problem"] == nil else {
                let was = isKept ? "kept" : "removed"
                throw PromiseBroken(text: "the token for \(provider) was \(was): \(answer.status) \(answer.text)")
            }
        }
    }

    // MARK: Alerts

    private static let alerts = ["spend.stopped", "spend.warning"]

    private var delivered: Int {
        host.doneJobs.values.count { $0["function"] == "webhook" && $0["state"] == "succeeded" }
    }

    /// The ids under which the owner was told of each kind.
    private var told: [String: Set<String>] {
        receiver.requests.reduce(into: [:]) { told, request in
            let type = (try? JSONValue.parse(request.body))?["type"]?.string ?? "?"
            told[type, default: []].insert(request.header("webhook-id") ?? "?")
        }
    }

    // MARK: The end

    func check(_ place: Comment) async throws {
        expectTidy(place)
        #expect(told.keys.sorted() == Self.alerts, "\(place): \(told)")
        #expect(told.values.allSatisfy { $0.count == 1 }, "\(place): \(told)")
        #expect(
            Set(receiver.requests.map(\.text)).count == Self.alerts.count,
            "\(place): an alert is told in the same words"
        )
        #expect(delivered == Self.alerts.count, place)
        for prompt in ["an owl", "a hen"] {
            let jobs = ended(prompt)
            #expect(jobs.map { $0["state"] } == ["succeeded"], "\(place): \(jobs.map { $0.text() })")
            #expect(runware.paid(for: prompt) == 1, place)
        }
        #expect(ended("an elk").isEmpty && runware.paid(for: "an elk") == 0, place)
        for (task, key) in zip(runware.sent, runware.sentKeys) {
            let isOwn = task["positivePrompt"] == "an owl"
            #expect(key == (isOwn ? Self.token : RunwareScript.key), "\(place): \(task.text())")
        }
        let total = try await expectLedger(took: Self.price, limit: Self.limit, place)
        #expect(total["ownTokens"] == 1 && total["charges"] == 1, "\(place): \(total.text())")
        let everything = host.said + filesBelow(host.state).compactMap { fileText($0) }.joined()
        #expect(!everything.contains(Self.token) && !everything.contains(Self.otherToken), place)
    }
}
