// All that a job goes through at a provider that takes our ids: nothing is ever paid twice there.
import EdgeLoop
import JSON
import TestSupport
import Testing

/// Two jobs: one that waits for a rate limit and is asked about, and one that is made at once and removed. There is money for them, and
/// for nothing more.
@LoopActor
final class JobLife: HostLife {
    private static let kite: JSONValue = ["prompt": "a kite", "provider": "runware", "width": 512, "height": 512]
    private static let hen: JSONValue = ["prompt": "a hen", "provider": "runware", "width": 512, "height": 512]

    let host: EdgeHost
    private let runware: RunwareScript
    /// Whether the latest run has come so far that the second job may be gone, and how many before it had.
    private var asksToRemove = false
    private var removed = 0

    init() throws {
        var isLimited = true
        runware = try RunwareScript { _, prompt in
            guard isLimited, prompt == "a kite" else { return .normal }
            isLimited = false
            return .refused("rateLimitExceeded", status: 429)
        }
        var options = EdgeOptions(environment: runware.environment + [("RUNWARE_DELIVERY", "sync")])
        options.settings = TestSettings.bundled([
            ("results.allow", ["127.0.0.1", "::1"]),
            ("prices", [["provider": "runware", "microdollars": .integer(Self.price)]]),
        ])
        host = EdgeHost(options)
    }

    // MARK: Money

    private static let images = 2

    /// Micro-dollars of one image, which the provider tells and the price list knows.
    private static let price: Int64 = 3100

    private static let budgets = ["the life", "its provider", "its user"]

    /// What it may cost: in all, at its provider and for the one who asks. A removed job's request is a new one, so each time one image more
    /// may be bought.
    private var limit: Int64 { Int64(Self.images + removed) * Self.price }

    func prepare(faults: Int) {
        if asksToRemove { removed += 1 }
        asksToRemove = false
        let limit = JSONValue.integer(limit)
        let manifest = TestManifest.bundled([
            (
                "host.budgets",
                [
                    ["name": .string(Self.budgets[0]), "per": "total", "limit": limit],
                    [
                        "name": .string(Self.budgets[1]), "for": "provider", "of": "runware", "per": "total",
                        "limit": limit,
                    ],
                    ["name": .string(Self.budgets[2]), "for": "user", "per": "total", "limit": limit],
                ]
            )
        ])
        host.folder.write(manifest.text(pretty: true), to: "functions.json")
    }

    // MARK: The life

    func run() async throws {
        try await checkMoney("at the start", limit: limit)
        let kite = try await accepted(Self.kite, key: "kite")
        let hen = try await accepted(Self.hen, key: "hen")
        try await checkMoney("with both accepted", limit: limit)
        _ = try await host.finished(hen)
        asksToRemove = true
        _ = try await host.delete("/functions/v1/status/\(hen)")
        try await checkMoney("with one removed", limit: limit)
        _ = try await host.finished(kite)
        // By its key, which the job's file keeps; whether a full disk let the cache have the image is another matter.
        _ = try await accepted(Self.kite, key: "kite")
        try await checkMoney("at the end", limit: limit)
    }

    func check(_ place: Comment) async throws {
        expectTidy(place)
        let kites = ended("a kite").filter { !$0.attempts.isEmpty }
        #expect(kites.count == 1, "\(place): \(kites.map { $0.text() })")
        for kite in kites { #expect(kite["state"] == "succeeded", "\(place): \(kite.text())") }
        #expect(runware.paid(for: "a kite") == 1, place)
        #expect((1...1 + removed).contains(runware.paid(for: "a hen")), place)
        #expect(runware.paid.values.allSatisfy { $0 == 1 }, place)
        let took = Int64(runware.paidInAll) * Self.price
        try await expectLedger(took: took, limit: limit, budgets: Self.budgets, place)
    }
}
