import JSON
import Testing

@testable import EdgeRuntime

struct OpenAIRequestTests {
    private func request(_ fields: JSONObject) throws -> OpenAIRequest {
        try OpenAIRequest(fields, function: "generate")
    }

    private func param(_ fields: JSONObject) -> String? {
        do {
            _ = try request(fields)
            return nil
        } catch {
            return (error as? Problem)?.field
        }
    }

    @Test func `fields become the function's own, and unknown ones are passed over`() throws {
        let request = try request([
            "prompt": "a fox", "model": "acme/painter", "size": "768x512", "num_inference_steps": 4,
            "guidance_scale": 3.5, "negative_prompt": "blur", "seed": 7, "quality": "hd", "user": "u", "zzz": [1],
            "background": .null,
        ])

        #expect(
            request.fields == [
                "prompt": "a fox", "model": "acme/painter", "negative_prompt": "blur", "guidance_scale": 3.5, "seed": 7,
                "steps": 4, "width": 768, "height": 512,
            ]
        )
        #expect(request.count == 1 && request.format == .url && !request.isStream)
    }

    @Test func `null and auto are as if absent, and the function's own name is no model`() throws {
        let request = try request([
            "prompt": "x", "n": .null, "size": "auto", "model": "generate", "response_format": .null, "stream": .null,
        ])

        #expect(request.fields == ["prompt": "x"])
    }

    @Test(
        "what cannot be is refused by its name",
        arguments: [
            (["n": 1], "prompt"), (["prompt": 7], "prompt"), (["prompt": "x", "n": 0], "n"),
            (["prompt": "x", "n": 11], "n"), (["prompt": "x", "n": "2"], "n"), (["prompt": "x", "n": 1.5], "n"),
            (["prompt": "x", "size": "512"], "size"), (["prompt": "x", "size": "512x"], "size"),
            (["prompt": "x", "size": "0x8"], "size"), (["prompt": "x", "size": "-8x8"], "size"),
            (["prompt": "x", "size": "8x8x8"], "size"), (["prompt": "x", "size": 512], "size"),
            (["prompt": "x", "model": 3], "model"), (["prompt": "x", "stream": "yes"], "stream"),
            (["prompt": "x", "response_format": "png"], "response_format"),
        ] as [(JSONObject, String)]
    )
    func refuses(fields: JSONObject, name: String) {
        #expect(param(fields) == name)
    }

    @Test func `further images are variations, or have the seeds after the one that was named`() throws {
        let plain = try request(["prompt": "x", "n": 3])
        let seeded = try request(["prompt": "x", "n": 2, "seed": 4_294_967_295])

        #expect(plain.fields(ofImage: 0) == ["prompt": "x"])
        #expect(plain.fields(ofImage: 2) == ["prompt": "x", "variation": 2])
        #expect(seeded.fields(ofImage: 0)["seed"] == 4_294_967_295)
        #expect(seeded.fields(ofImage: 1)["seed"] == 0)
    }

    @Test("models that answer with base64 only do so here", arguments: ["gpt-image-2", "chatgpt-image-latest"])
    func knowsModernModels(model: String) throws {
        #expect(try request(["prompt": "x", "model": .string(model)]).format == .b64JSON)
        #expect(try request(["prompt": "x", "model": .string(model), "response_format": "url"]).format == .url)
    }

    @Test func `a retry is asked for only where it can help`() {
        func helps(_ status: Int, _ retryAfter: Int?, endsJob: Bool = false) -> Bool {
            let problem = Problem(status: status, code: "x", message: "x", retryAfter: retryAfter)
            return OpenAIError(problem, endsJob: endsJob).canRetryHelp
        }

        #expect(helps(429, 20) && helps(503, 1) && helps(500, nil) && helps(502, nil))
        #expect(!helps(429, 3600) && !helps(429, nil) && !helps(400, nil) && !helps(402, nil) && !helps(424, nil))
        #expect(!helps(502, nil, endsJob: true) && !helps(504, nil, endsJob: true) && helps(503, 5, endsJob: true))
    }

    @Test("Hugging Face's clients are never told 503", arguments: [(true, 504), (false, 502)])
    func avoids503(endsJob: Bool, status: Int) {
        let problem = Problem(status: 503, code: "x", message: "x", retryAfter: 1)

        #expect(HuggingFaceError(problem, endsJob: endsJob).status == status)
        #expect(HuggingFaceError(Problem(status: 503, code: "too_many_jobs", message: "x")).status == 429)
    }

    @Test func `Hugging Face's parameters become the function's own`() throws {
        let body: JSONObject = [
            "inputs": "a fox",
            "parameters": [
                "num_inference_steps": 4, "target_size": ["width": 64, "height": 96], "guidance_scale": 2,
                "model": "other", "prompt": "other", "seed": .null, "scheduler": "Euler", "num_images_per_prompt": 2,
            ],
        ]

        let fields = try HuggingFaceRequest.fields(body, model: "acme/painter", function: "generate")
        let bare = try HuggingFaceRequest.fields(["inputs": "x"], model: "generate", function: "generate")

        #expect(
            fields == [
                "prompt": "a fox", "model": "acme/painter", "steps": 4, "width": 64, "height": 96, "guidance_scale": 2,
                "scheduler": "Euler",
            ]
        )
        #expect(bare == ["prompt": "x"])
    }
}
