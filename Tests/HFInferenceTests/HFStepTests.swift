import CivilTime
import JSON
import Testing

@testable import HFInference

struct HFStepTests {
    private static let results: [(HFRoutedProvider, JSONValue)] = [
        (HFRoutedProvider.falAI, ["images": [["url": "https://x/1"]], "seed": 7]),
        (.falAI, ["video": ["url": "https://x/1"], "seed": 7]),
        (.replicate, ["status": "processing", "output": ["https://x/1"]]),
        (.replicate, ["status": "succeeded", "output": "https://x/1"]),
        (.wavespeed, ["data": ["status": "completed", "outputs": ["https://x/1"], "error": ""]]),
        (.zaiOrg, ["task_status": "SUCCESS", "image_result": [["url": "https://x/1"]]]),
        (.together, ["status": "completed", "outputs": ["video_url": "https://x/1"]]),
        (.novita, ["video": ["video_url": "https://x/1"]]),
    ]
    private static let failures: [(HFRoutedProvider, JSONValue)] = [
        (HFRoutedProvider.replicate, ["status": "failed", "error": "it broke", "output": .null]),
        (.wavespeed, ["data": ["status": "failed", "error": "it broke"]]),
        (.zaiOrg, ["task_status": "FAIL", "error": ["message": "it broke"]]),
        (.together, ["status": "failed", "error": ["message": "it broke"]]),
        (.falAI, ["status": "FAILED", "error": "it broke"]),
    ]

    private func step(_ json: JSONValue, _ provider: HFRoutedProvider) -> HFStep {
        HFStep(json, of: provider, baseURL: "https://router.huggingface.co")
    }

    private func path(_ text: String) throws -> HFPath { try #require(HFPath(text)) }

    @Test func `every provider's words for a task under way are understood`() throws {
        #expect(
            step(["status": "IN_QUEUE", "response_url": "https://queue.fal.run/fal-ai/flux/requests/1f?x=1"], .falAI)
                == .wait(try path("/fal-ai/flux/requests/1f"), cancel: nil)
        )
        #expect(step(["status": "IN_PROGRESS"], .falAI) == .wait(nil, cancel: nil))
        #expect(step(["status": "COMPLETED"], .falAI) == .collect)
        #expect(
            step(
                [
                    "status": "starting", "output": nil,
                    "urls": [
                        "get": "https://api.replicate.com/v1/predictions/p", "cancel": "/v1/predictions/p/cancel",
                    ],
                ],
                .replicate
            ) == .wait(try path("/v1/predictions/p"), cancel: try path("/v1/predictions/p/cancel"))
        )
        #expect(
            step(["data": ["status": "created", "urls": ["get": "https://api.wavespeed.ai/api/v3/x"]]], .wavespeed)
                == .wait(try path("/api/v3/x"), cancel: nil)
        )
        #expect(
            step(["id": "z", "task_status": "PROCESSING"], .zaiOrg)
                == .wait(try path("/api/paas/v4/async-result/z"), cancel: nil)
        )
        #expect(step(["id": "v", "status": "queued"], .together) == .wait(try path("/v2/videos/v"), cancel: nil))
    }

    @Test(
        "A result is found wherever it is",
        arguments: Self.results
    )
    func finds(provider: HFRoutedProvider, json: JSONValue) {
        #expect(step(json, provider) == .fetch("https://x/1", seed: provider == .falAI ? 7 : nil))
    }

    @Test(
        "A failure says why",
        arguments: Self.failures
    )
    func fails(provider: HFRoutedProvider, json: JSONValue) {
        #expect(step(json, provider) == .failed("it broke"))
    }

    @Test func `what is unsafe is told apart`() {
        #expect(step(["images": [["url": "u"]], "has_nsfw_concepts": [true]], .falAI) == .unsafe)
        #expect(step(["status": "failed", "error": "NSFW content detected."], .replicate) == .unsafe)
    }

    @Test(
        "Anything else is no answer",
        arguments: [[:], ["status": "succeeded", "output": nil], [], ["status": 7]] as [JSONValue]
    )
    func unreadable(json: JSONValue) { #expect(step(json, .replicate) == .unreadable) }

    @Test(
        "An address of an answer never leads off the router",
        arguments: [
            ("https://evil.example", nil), ("https://evil.example/a/../b", nil), ("//evil.example/a", nil),
            ("https://evil.example/a%2e%2e/b", nil), ("evil.example/a", nil), ("https://evil.example/a b", nil),
            ("https://user@evil.example/v1/x", "/v1/x"), ("https://evil.example/v1/x?y#z", "/v1/x"),
            ("https://router.huggingface.co/replicate/v1/x", "/v1/x"), ("/v1/x", "/v1/x"), ("", nil), ("/", nil),
        ]
    )
    func takesPath(address: String, path: String?) {
        let taken = HFPath(ofAddress: address, provider: .replicate, baseURL: "https://router.huggingface.co")

        #expect(taken?.text == path)
    }

    @Test func `what is kept is read again`() throws {
        var queued = HFQueued(
            provider: .replicate,
            path: try path("/v1/predictions/p"),
            cancelPath: try path("/v1/predictions/p/cancel"),
            isVideo: true,
            since: Timestamp(milliseconds: 5),
            dropped: ["seed"]
        )
        (queued.asks, queued.failures) = (3, 1)

        #expect(HFQueued(queued.json) == queued)
        #expect(HFQueued(["provider": "replicate", "path": "/../x", "since": 5]) == nil)
        #expect(HFQueued(["provider": "novita", "since": 5]) == nil)
        let made = HFQueued(
            provider: .novita,
            address: "https://x/y.mp4",
            isVideo: true,
            since: Timestamp(milliseconds: 5)
        )
        #expect(HFQueued(made.json) == made)
        #expect(HFQueued(["provider": "nobody", "path": "/x", "since": 5]) == nil)
    }

    @Test func `looks come in whole seconds that grow`() throws {
        var queued = HFQueued(
            provider: .falAI,
            path: try path("/x"),
            isVideo: false,
            since: Timestamp(milliseconds: 0)
        )

        var pauses: [Duration] = []
        for asks in 0..<7 {
            queued.asks = asks
            pauses.append(queued.pause)
        }

        #expect(pauses == [1, 1, 2, 3, 5, 5, 5].map { .seconds($0) })
    }
}
