// The inference API of Hugging Face on the wire.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct InferenceFormTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `a model's path gives the image, shared with native requests`() async throws {
        try await withEdge(Painter.options()) { host in
            let parameters: JSONValue = [
                "num_inference_steps": 4, "target_size": ["width": 16, "height": 24], "seed": .null,
                "num_images_per_prompt": 3,
            ]
            let body: JSONValue = ["inputs": "a fox", "parameters": parameters, "options": ["wait_for_model": true]]
            let answer = try await host.post("/models/acme/painter", body, [("Accept", "image/png")])
            let other = try await host.post("/hf-inference/models/acme/painter", body)
            let native = try await host.paint(
                ["prompt": "a fox", "model": "acme/painter", "steps": 4, "width": 16, "height": 24]
            )

            #expect(answer.status == 200 && answer["Content-Type"] == "image/png", "\(answer.text)")
            #expect(answer.pngSize.map { [$0.width, $0.height] } == [16, 24])
            #expect(other.content == answer.content && native.content == answer.content)
            #expect(host.paintings.count == 1)
        }
    }

    @Test @LoopActor func `a request is held while its model loads, and never told 503`() async throws {
        try await withEdge(Painter.options()) { host in
            host.folder.write("", to: "loading")
            async let held = host.post("/models/acme/painter", ["inputs": "a fox"])
            try await eventually("the job to wait") {
                host.activeJobs.values.contains { $0["state"] == "waiting" }
            }
            removeFile("\(host.folder.path)/loading")
            let answer = try await held

            #expect(answer.status == 200, "\(answer.text)")
            #expect(host.paintings.count == 1)
        }
    }

    @Test @LoopActor func `errors are in Hugging Face's shape`() async throws {
        try await withEdge(Painter.options(["perDay": 1])) { host in
            let cases: [(String, JSONValue, Int, String)] = [
                ("/models/acme/painter", [:], 400, "inputs"),
                ("/models/acme/painter", ["inputs": 7], 400, "inputs"),
                ("/models/acme/painter", ["inputs": "x", "parameters": ["width": 63]], 400, "width is 63"),
                ("/models/none/such", ["inputs": "x"], 404, "no such model"),
                ("/models/acme/painter", ["inputs": "broken"], 500, "it broke"),
                ("/models/acme/painter", ["inputs": "x"], 429, "runs of today"),
            ]
            for (path, body, status, text) in cases {
                let answer = try await host.post(path, body)
                #expect(answer.status == status, "\(body): \(answer.text)")
                #expect(answer.json.object?.keys == ["error"], "\(answer.text)")
                #expect(answer.json["error"]?.string?.contains(text) == true, "\(answer.text)")
                #expect(answer["X-Request-Id"] != nil && answer["Access-Control-Allow-Origin"] == "*")
            }
            let wrong = try await host.ask("PUT", "/models/acme/painter", body: [])
            #expect(wrong.status == 405 && wrong.json["error"] != nil, "\(wrong.text)")
            #expect(host.paintings.count == 1, "the one that broke")
        }
    }

    @Test @LoopActor func `use_cache false makes a new image`() async throws {
        try await withEdge { host in
            let body: JSONValue = ["inputs": "a fox", "parameters": ["width": 64, "height": 64]]
            let first = try await host.post("/models/acme/painter", body)
            let second = try await host.post("/models/acme/painter", body)
            let fresh = try await host.post(
                "/models/acme/painter",
                ["inputs": "a fox", "parameters": ["width": 64, "height": 64], "options": ["use_cache": false]]
            )

            #expect(second["Cache-Status"]?.hasPrefix("edge; hit") == true, "\(second.headers)")
            #expect(fresh["Cache-Status"]?.hasPrefix("edge; fwd=miss") == true, "\(fresh.headers)")
            #expect(first.status == 200 && fresh.status == 200)
            try await eventually("both jobs on disk") { host.doneJobs.count == 2 }
            #expect(host.doneJobs.values.allSatisfy { $0["attempts"]?.array?.count == 1 })
        }
    }
}
