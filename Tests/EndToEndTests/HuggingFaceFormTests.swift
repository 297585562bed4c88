// The forms in which Hugging Face is spoken to.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct HuggingFaceFormTests {
    init() { TestLoop.start() }

    private static let base64 = TestBase64.encode(HuggingFaceScript.picture("a fox"))
    private static func entry(_ id: String, _ task: String = "text-to-image", status: String = "live") -> JSONValue {
        ["status": .string(status), "providerId": .string(id), "task": .string(task)]
    }

    @Test @LoopActor func `a key alone makes it the real thing, with the fields of the sheet`() async throws {
        let upstream = try HuggingFaceScript()
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let answer = try await host.generate([
                "prompt": "a fox", "negative_prompt": "blurry", "width": 768, "height": 512, "steps": 25,
                "guidance_scale": 7.5,
                "seed": 42, "scheduler": "EulerDiscreteScheduler",
            ])
            let request = try #require(upstream.images.first)
            let body = try JSONValue.parse(request.body)

            #expect(answer.status == 200, "\(answer.text)")
            #expect(request.path == "/hf-inference/models/\(HuggingFaceScript.model)")
            #expect(request.header("authorization") == "Bearer \(HuggingFaceScript.key)")
            #expect(request.header("content-type") == "application/json")
            #expect(body["inputs"] == "a fox")
            #expect(body["parameters"]?["negative_prompt"] == "blurry")
            #expect(body["parameters"]?["width"] == 768)
            #expect(body["parameters"]?["height"] == 512)
            #expect(body["parameters"]?["num_inference_steps"] == 25)
            #expect(body["parameters"]?["guidance_scale"]?.double == 7.5)
            #expect(body["parameters"]?["seed"] == 42)
            #expect(body["parameters"]?["scheduler"] == "EulerDiscreteScheduler")
            #expect(upstream.calls == 1 && upstream.mappings == 1)
        }
    }

    @Test @LoopActor func `the older form speaks to base and model`() async throws {
        let upstream = try HuggingFaceScript()
        try await withEdge(EdgeOptions(environment: upstream.environment + [("HUGGINGFACE_FORM", "models")])) { host in
            let answer = try await host.generate(["prompt": "a fox", "model": "acme/painter"])

            #expect(answer.status == 200, "\(answer.text)")
            #expect(upstream.images.first?.path == "/models/acme/painter")
            #expect(upstream.mappings == 0)
            #expect(upstream.calls == 1)
        }
    }

    @Test("A large image comes whole through the disk", arguments: [false, true])
    @LoopActor func large(isInJSON: Bool) async throws {
        let picture = TestPicture.png("large", extra: 3 << 20)
        let json = #"{"data":[{"index":0,"b64_json":"\#(TestPicture.base64(picture))"}]}"#
        let upstream = try HuggingFaceScript([
            isInJSON ? .wire(.json(200, json)) : .body(picture, type: "image/jpeg")
        ])
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let answer = try await host.generate("a fox")

            #expect(answer.status == 200)
            #expect(answer["Content-Type"] == "image/png")
            #expect(answer.content == Content(picture))
            #expect(upstream.calls == 1)
        }
    }

    @Test(
        "auto takes the first of the mapping that is spoken, in both forms of the mapping",
        arguments: [
            ("nscale", false), ("together", false), ("nscale", true), ("together", true),
        ]
    )
    @LoopActor func mappings(provider: String, isArray: Bool) async throws {
        var object: JSONObject = [
            "nebius": Self.entry("flux/schnell"), "hf-inference": Self.entry("staging-only", status: "staging"),
        ]
        object[provider] = Self.entry("vendor/flux-schnell")
        var mapping = JSONValue.object(object)
        if isArray {
            mapping = .array(
                object.members.map { member in
                    var entry = member.value.object ?? [:]
                    entry["provider"] = .string(member.key)
                    entry["hfModelId"] = .string(HuggingFaceScript.model)
                    return .object(entry)
                }
            )
        }
        let answerText = #"{"data":[{"index":0,"b64_json":"\#(Self.base64)"}]}"#
        let upstream = try HuggingFaceScript(then: .wire(.json(200, answerText)), mapping: mapping)
        try await withEdge(EdgeOptions(environment: upstream.environment)) { host in
            let answer = try await host.generate("a fox")
            let again = try await host.generate("a hen")
            let request = try #require(upstream.images.first)
            let body = try JSONValue.parse(request.body)

            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.content == HuggingFaceScript.content("a fox"))
            #expect(again.status == 200)
            #expect(request.path == "/\(provider)/v1/images/generations")
            #expect(body["model"] == "vendor/flux-schnell")
            #expect(body["prompt"] == "a fox")
            #expect(upstream.mappings == 1, "the mapping is kept")
            #expect(upstream.calls == 2)
        }
    }
}

/// Standard base64 with padding.
enum TestBase64 {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

    static func encode(_ bytes: [UInt8]) -> String {
        stride(from: 0, to: bytes.count, by: 3).map { start in
            let group = bytes[start..<min(start + 3, bytes.count)]
            let number = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            let text = (0..<4).map { letters[number >> (18 - 6 * $0) & 63] }
            return String(text.prefix(group.count + 1)) + String(repeating: "=", count: 3 - group.count)
        }.joined()
    }
}
