import CivilTime
import JSON
import Testing

@testable import EdgeRuntime

struct WebhookEventTests {
    private static func document(_ state: String, attempts: Int = 1, error: JSONValue = .null) -> JSONObject {
        let attempt: JSONValue = [
            "number": 1, "id": "0192", "outcome": "failed", "account": "runware#1f0c",
            "error": .string(String(repeating: "no ", count: 60)),
        ]
        return [
            "version": 1, "id": "job", "function": "generate", "state": .string(state), "created": "c",
            "finished": "f", "input": ["prompt": "a secret fox"], "error": error,
            "webhook": ["url": "https://app.example/hook?token=t", "base": "https://edge.example", "delivery": .null],
            "attempts": .array(Array(repeating: attempt, count: attempts)),
            "images": [["sha256": .string(String(repeating: "a", count: 64)), "type": "image/png", "bytes": 3]],
        ]
    }

    @Test("The type tells how the job ended", arguments: ["succeeded", "failed", "canceled"])
    func types(state: String) {
        #expect(WebhookEvent(Self.document(state), base: "")?.type == "job.\(state)")
    }

    @Test("A job that has not ended is no event", arguments: ["queued", "running", "waiting", "nonsense"])
    func unended(state: String) {
        #expect(WebhookEvent(Self.document(state), base: "") == nil)
    }

    @Test func `the data is what clients see, with absolute URLs, and neither input nor receiver`() throws {
        let event = try #require(WebhookEvent(Self.document("succeeded"), base: "https://edge.example"))

        let text = JSONValue.object(event.data).text()
        #expect(event.data["images"]?.array?.first?["url"]?.string?.hasPrefix("https://edge.example/images/") == true)
        #expect(!text.contains("a secret fox"))
        #expect(!text.contains("token=t"))
        #expect(!text.contains("runware#1f0c"))
    }

    @Test func `many attempts are shortened to the latest ones`() throws {
        let event = try #require(WebhookEvent(Self.document("failed", attempts: 100), base: ""))

        #expect(event.data.encoded().count <= WebhookEvent.dataBytesMax)
        #expect(event.data["attempts"]?.array?.count == 10)
        #expect(event.data["attemptsOmitted"]?.integer == 90)
    }

    @Test func `whatever a document holds, the event stays small`() throws {
        let error: JSONValue = ["code": "x", "message": .string(String(repeating: "long ", count: 10_000))]
        let event = try #require(WebhookEvent(Self.document("failed", error: error), base: ""))

        #expect(event.data.encoded().count <= WebhookEvent.dataBytesMax)
        #expect(event.data["id"] == "job")
        #expect(event.data["truncated"] == true)
    }
}

struct WebhookAddressTests {
    @Test(
        "What can be a receiver",
        arguments: [
            "https://app.example/hook", "http://10.0.0.1:8080/", "https://app.example",
            "https://app.example/a?b=c&d=%20",
            "HTTPS://App.Example/Hook",
        ]
    )
    func good(url: String) {
        #expect(WebhookAddress.mistake(in: url) == nil)
    }

    @Test(
        "What cannot",
        arguments: [
            "", "app.example/hook", "ftp://app.example", "https://", "https://user:word@app.example/",
            "https://app.example/#part", "https://app.example/?a#b", "https://app.example/a b",
            "https://app.example/?é",
            "https://app.example/\r\nX: y", "https://app.example/" + String(repeating: "a", count: 2048),
        ]
    )
    func bad(url: String) {
        #expect(WebhookAddress.mistake(in: url) != nil)
    }

    @Test func `receivers of one owner share an origin`() {
        #expect(WebhookAddress.origin(of: "https://App.example:443/a?b") == "https://app.example")
    }
}
