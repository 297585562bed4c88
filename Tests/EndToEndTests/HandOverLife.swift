// Jobs of a provider that takes no ids of ours: what it may have been paid for is marked, and charged.
import EdgeLoop
import JSON
import TestSupport
import Testing

/// Four jobs, one after the other: one that is made, one that its first provider fails and a second one makes, one that is cancelled in
/// mid-call, and one that is cancelled while it waits for a rate limit.
@LoopActor
final class HandOverLife: HostLife {
    private static let fox = "a fox"
    private static let kite = "a kite"
    private static let pig = "a pig"
    private static let cow = "a cow"

    let host: EdgeHost
    private let huggingface: HuggingFaceScript
    private let runware: RunwareScript
    /// The jobs that a host has accepted, and those that one has said to have cancelled.
    private var ids: [String: String] = [:]
    private var canceled: Set<String> = []
    private var faults = 0
    /// Calls for the pig that went to hosts of before.
    private var pigsBefore = 0

    init() throws {
        huggingface = try HuggingFaceScript { _, request in
            switch HuggingFaceScript.prompt(of: request) {
            case Self.kite: .error(500, "unknown error")
            case Self.pig: .wire(.silence)
            case Self.cow: .limited("300")
            default: .image
            }
        }
        runware = try RunwareScript()
        var options = EdgeOptions(
            environment: huggingface.environment + runware.environment + [("RUNWARE_DELIVERY", "sync")]
        )
        options.settings = TestSettings.bundled([
            ("results.allow", ["127.0.0.1", "::1"]), ("route.use", ["huggingface", "runware"]),
            (
                "prices",
                [
                    ["provider": "huggingface", "microdollars": .integer(Self.price)],
                    ["provider": "runware", "microdollars": .integer(Self.otherPrice)],
                ]
            ),
        ])
        host = EdgeHost(options)
    }

    // MARK: Money

    /// Micro-dollars of one image at the first provider, by the price list, and at the second, which tells it too.
    private static let price: Int64 = 2000
    private static let otherPrice: Int64 = 3100

    private static let budget = "the life"

    /// A call for each of the four at the first provider, a fifth at the second; a fault may cost one more.
    private var limit: Int64 { (4 + Int64(faults)) * Self.price + Self.otherPrice }

    func prepare(faults: Int) {
        self.faults = faults
        pigsBefore = calls(for: Self.pig)
        let budget: JSONValue = ["name": .string(Self.budget), "per": "total", "limit": .integer(limit)]
        host.folder.write(
            TestManifest.bundled([("host.budgets", [budget])]).text(pretty: true),
            to: "functions.json"
        )
    }

    private func calls(for prompt: String) -> Int { huggingface.prompts.count { $0 == prompt } }

    // MARK: The life

    func run() async throws {
        for id in canceled {
            let document = try await followed(id)
            guard document["state"] == "canceled" else {
                throw PromiseBroken(text: "a job that was cancelled is \(document.text())")
            }
        }
        _ = try await followed(try await taken(Self.fox))
        try await checkMoney("with one made", limit: limit)
        _ = try await followed(try await taken(Self.kite))
        try await checkMoney("with one handed over", limit: limit)
        try await cancel(Self.pig) { _ in calls(for: Self.pig) > pigsBefore }
        try await checkMoney("with one cancelled in mid-call", limit: limit)
        try await cancel(Self.cow) { !$0.attempts.isEmpty && $0["state"] != "running" }
        try await checkMoney("at the end", limit: limit)
        for id in ids.values { _ = try await followed(id) }
    }

    private func taken(_ prompt: String) async throws -> String {
        if let id = ids[prompt] { return id }
        let providers: JSONValue = prompt == Self.kite ? ["huggingface", "runware"] : "huggingface"
        let body: JSONValue = ["prompt": .string(prompt), "provider": providers, "width": 512, "height": 512]
        let id = try await accepted(body, key: prompt)
        ids[prompt] = id
        return id
    }

    private func cancel(_ prompt: String, when isTime: @LoopActor (JSONValue) -> Bool) async throws {
        let id = try await taken(prompt)
        guard !Self.hasEnded(try await followed(id, until: isTime)) else { return }
        let answer = try await patiently { try await host.delete("/functions/v1/status/\(id)") }
        guard answer.status == 200, answer.json["state"] == "canceled" else {
            throw UnexpectedDocument(text: answer.text)
        }
        canceled.insert(id)
    }

    // MARK: The end

    func check(_ place: Comment) async throws {
        expectTidy(place)
        for (prompt, state) in [
            (Self.fox, "succeeded"), (Self.kite, "succeeded"), (Self.pig, "canceled"), (Self.cow, "canceled"),
        ] {
            let jobs = ended(prompt)
            #expect(jobs.map { $0["id"]?.string } == [ids[prompt]], "\(place): \(jobs.map { $0.text() })")
            #expect(jobs.map { $0["state"]?.string } == [state], "\(place): \(jobs.map { $0.text() })")
            let attempts = jobs.flatMap(\.attempts).filter { $0["lane"] == "huggingface" }
            #expect(calls(for: prompt) <= attempts.count, "\(place): \(jobs.map { $0.text() })")
            guard [Self.fox, Self.pig].contains(prompt) else { continue }
            // Paid for, so it is either what the job has, or marked.
            let owned = attempts.count { $0["outcome"] == "succeeded" || $0["perhapsPaid"] == true }
            #expect(calls(for: prompt) <= owned, "\(place): \(jobs.map { $0.text() })")
        }
        let kite = try #require(ended(Self.kite).first, place)
        #expect(kite.lanesTried.last == "runware", "\(place): \(kite.text())")
        #expect(runware.paid == runware.paid.mapValues { _ in 1 } && runware.paidInAll == 1, place)
        let made = Int64(calls(for: Self.fox) + calls(for: Self.pig))
        let took = made * Self.price + Int64(runware.paidInAll) * Self.otherPrice
        try await expectLedger(took: took, limit: limit, budgets: [Self.budget], place)
    }
}
