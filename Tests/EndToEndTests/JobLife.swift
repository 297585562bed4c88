// All that a job goes through, asked by a client that does not give up before its host does.
import EdgeLoop
import Glibc
import JSON
import TestSupport

/// Two jobs of one provider that takes our ids: one that waits for a rate limit and is asked about, and one that is made at once
/// and removed. There is money for them, and for nothing more.
@LoopActor
struct JobLife {
    static let kite: JSONValue = ["prompt": "a kite", "provider": "runware", "width": 512, "height": 512]
    static let hen: JSONValue = ["prompt": "a hen", "provider": "runware", "width": 512, "height": 512]

    let host: EdgeHost
    /// How many images its budgets have room for.
    private let images: Int
    /// Whether it has come so far that the second job may be gone.
    private(set) var asksToRemove = false

    /// - Parameter removed: how often the second job may have been removed before: a removed job's request is a new one, so each time one
    ///   image more may be bought.
    init(_ host: EdgeHost, removed: Int = 0) {
        self.host = host
        images = Self.images + removed
        host.folder.write(Self.manifest(images: images).text(pretty: true), to: "functions.json")
    }

    static func provider() throws -> RunwareScript {
        var isLimited = true
        return try RunwareScript { _, prompt in
            guard isLimited, prompt == "a kite" else { return .normal }
            isLimited = false
            return .refused("rateLimitExceeded", status: 429)
        }
    }

    // MARK: Money

    private static let images = 2

    /// Micro-dollars of one image, which the provider tells and the price list knows.
    static let price: Int64 = 3100

    /// A host that may spend what the life costs: in all, at its provider and for the one who asks.
    static func options(_ runware: RunwareScript) -> EdgeOptions {
        var options = EdgeOptions(
            manifest: manifest(images: images),
            environment: runware.environment + [("RUNWARE_DELIVERY", "sync")]
        )
        options.settings = TestSettings.bundled([
            ("results.allow", ["127.0.0.1", "::1"]),
            ("prices", [["provider": "runware", "microdollars": .integer(price)]]),
        ])
        return options
    }

    private static func manifest(images: Int) -> JSONValue {
        let limit = JSONValue.integer(Int64(images) * price)
        return TestManifest.bundled([
            (
                "host.budgets",
                [
                    ["name": "the life", "per": "total", "limit": limit],
                    ["name": "its provider", "for": "provider", "of": "runware", "per": "total", "limit": limit],
                    ["name": "its user", "for": "user", "per": "total", "limit": limit],
                ]
            )
        ])
    }

    var limit: Int64 { Int64(images) * Self.price }

    /// What is spent and what is held, together, in micro-dollars: never more than the budgets.
    private func checkMoney(_ moment: String) async throws {
        let lines = try await host.get("/metrics").text.split(separator: "\n")
        let dollars = lines.filter {
            $0.hasPrefix("edge_spent_today_dollars ") || $0.hasPrefix("edge_reserved_dollars{")
        }
        .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
        let sum = Int64((dollars * 1_000_000).rounded())
        guard sum <= limit else { throw BudgetPassed(text: "\(moment): \(sum) of \(limit)") }
    }

    // MARK: The life

    /// - Throws: when the host is gone, or does not do what was asked after some tries.
    mutating func run() async throws {
        try await checkMoney("at the start")
        let kite = try await accepted(Self.kite, key: "kite")
        let hen = try await accepted(Self.hen, key: "hen")
        try await checkMoney("with both accepted")
        _ = try await host.finished(hen)
        asksToRemove = true
        _ = try await host.delete("/functions/v1/status/\(hen)")
        try await checkMoney("with one removed")
        _ = try await host.finished(kite)
        // By its key, which the job's file keeps; whether a full disk let the cache have the image is another matter.
        _ = try await accepted(Self.kite, key: "kite")
        try await checkMoney("at the end")
    }

    /// Sends the request, again while the host says "later".
    private func accepted(_ body: JSONValue, key: String) async throws -> String {
        let headers: Headers = [
            ("Prefer", "respond-async"), ("Accept", "application/json"), ("Idempotency-Key", key),
        ]
        var answer = try await host.generate(body, headers)
        for _ in 0..<3 where answer.status == 503 {
            try await sleep(for: .milliseconds(50))
            answer = try await host.generate(body, headers)
        }
        guard answer.status == 202 || answer.status == 200, let id = answer.json["id"]?.string else {
            throw UnexpectedDocument(text: answer.text)
        }
        return id
    }
}

struct BudgetPassed: Error, CustomStringConvertible {
    let text: String
    var description: String { "spent and reserved are more than the budget, \(text)" }
}
