import Testing

@testable import Webhook

struct WebhookSignerTests {
    private static let secret = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
    private static let body = Array(
        #"{"type":"job.succeeded","timestamp":"2023-11-14T22:13:20Z","data":{"id":"job_1"}}"#.utf8
    )
    private static let signature = "v1,KOiHp8N5VSd21dmSPBNDFN9CzIW+9bUD7+ZmbAp7teg="

    @Test func `the test vector of Standard Webhooks has its signature`() throws {
        let signer = try WebhookSigner(secrets: Self.secret)

        let signature = signer.signature(id: "msg_edge0001", seconds: 1_700_000_000, body: Self.body)

        #expect(Self.body.count == 81)
        #expect(signature == Self.signature)
    }

    @Test func `while a secret is replaced there is an entry for each`() throws {
        let other = "whsec_\(String(repeating: "A", count: 32))"
        let signer = try WebhookSigner(secrets: "\(other) \(Self.secret)")

        let entries = signer.signature(id: "msg_edge0001", seconds: 1_700_000_000, body: Self.body).split(
            separator: " "
        )

        #expect(entries.count == 2)
        #expect(entries.last.map(String.init) == Self.signature)
    }

    @Test(
        "What is no secret is refused with what to write, and is not repeated",
        arguments: [
            "", "hunter2hunter2", "whsec_", "whsec_AQID", "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA",
            "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=", "whsec_\(String(repeating: "AAAA", count: 22))",
            "a b c d e",
        ]
    )
    func refuses(secrets: String) throws {
        let mistake = #expect(throws: WebhookSettings.Mistake.self) { _ = try WebhookSigner(secrets: secrets) }

        let text = try #require(mistake?.description)
        #expect(text.contains("EDGE_WEBHOOK_SECRET"))
        #expect(secrets.isEmpty || !text.contains("hunter2") && !text.contains("AQID"))
    }
}
