// All that a job goes through, asked by a client that does not give up before its host does.
import EdgeLoop
import Glibc
import JSON
import TestSupport

/// Two jobs of one provider that takes our ids: one that waits for a rate limit and is asked about, and one that is made at once
/// and removed.
@LoopActor
struct JobLife {
    static let kite: JSONValue = ["prompt": "a kite", "provider": "runware", "width": 512, "height": 512]
    static let hen: JSONValue = ["prompt": "a hen", "provider": "runware", "width": 512, "height": 512]

    let host: EdgeHost
    /// Whether it has come so far that the second job may be gone.
    private(set) var asksToRemove = false

    init(_ host: EdgeHost) { self.host = host }

    static func provider() throws -> RunwareScript {
        var isLimited = true
        return try RunwareScript { _, prompt in
            guard isLimited, prompt == "a kite" else { return .normal }
            isLimited = false
            return .refused("rateLimitExceeded", status: 429)
        }
    }

    /// - Throws: when the host is gone, or does not do what was asked after some tries.
    mutating func run() async throws {
        let kite = try await accepted(Self.kite, key: "kite")
        let hen = try await accepted(Self.hen, key: "hen")
        _ = try await host.finished(hen)
        asksToRemove = true
        _ = try await host.delete("/functions/v1/status/\(hen)")
        _ = try await host.finished(kite)
        // By its key, which the job's file keeps; whether a full disk let the cache have the image is another matter.
        _ = try await accepted(Self.kite, key: "kite")
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
