// What a new user sees: an image without an account.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct FirstImageTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `the first image needs no key and is a PNG of the size asked for`() async throws {
        try await withEdge { host in
            let answer = try await host.generate(["prompt": "a lighthouse", "width": 320, "height": 192])

            #expect(answer.status == 200)
            #expect(answer["Content-Type"] == "image/png")
            #expect(answer.pngSize?.width == 320)
            #expect(answer.pngSize?.height == 192)
        }
    }

    @Test @LoopActor func `equal requests give equal bytes, from one job`() async throws {
        try await withEdge { host in
            let body: JSONValue = ["prompt": "a lighthouse", "width": 64, "height": 64]
            let first = try await host.generate(body)
            let second = try await host.generate(body)
            let spelled = try await host.generate(["height": 64, "prompt": "  a lighthouse ", "width": 64])

            #expect(first.status == 200)
            #expect(second.content == first.content)
            #expect(spelled.content == first.content)
            #expect(second["Cache-Status"]?.contains("hit") == true)
            try await eventually("one finished job") { host.activeJobs.isEmpty && host.doneJobs.count == 1 }
        }
    }

    @Test @LoopActor func `other prompts, seeds and sizes give other pictures`() async throws {
        try await withEdge { host in
            var pictures: Set<Content> = []
            for body: JSONValue in [
                ["prompt": "a fox", "width": 64, "height": 64], ["prompt": "a hen", "width": 64, "height": 64],
                ["prompt": "a fox", "width": 64, "height": 64, "seed": 1],
                ["prompt": "a fox", "width": 64, "height": 64, "seed": 2],
                ["prompt": "a fox", "width": 64, "height": 72],
            ] {
                let answer = try await host.generate(body)
                #expect(answer.status == 200, "\(answer.text)")
                pictures.insert(answer.content)
            }

            #expect(pictures.count == 5)
        }
    }

    @Test(
        "JSON is taken whatever simple type it is sent as",
        arguments: ["application/json", "text/plain", "application/json; charset=utf-8", nil]
    )
    @LoopActor func contentTypes(type: String?) async throws {
        try await withEdge { host in
            let body = Array(#"{"prompt": "a fox", "width": 64, "height": 64}"#.utf8)
            let answer = try await host.ask("POST", "/generate", type.map { [("Content-Type", $0)] } ?? [], body: body)

            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.pngSize != nil)
        }
    }

    @Test @LoopActor func `an image element gets its image by GET, under both paths`() async throws {
        try await withEdge { host in
            let long = try await host.get("/functions/v1/generate?prompt=a%20red%20fox&width=64&height=64&seed=7")
            let short = try await host.get("/generate?seed=7&height=64&width=64&prompt=a+red+fox")
            let posted = try await host.generate(["prompt": "a red fox", "width": 64, "height": 64, "seed": 7])

            #expect(long.status == 200, "\(long.text)")
            #expect(long["Content-Type"] == "image/png")
            #expect(short.content == long.content)
            #expect(posted.content == long.content)
        }
    }

    @Test @LoopActor func `the start tells the functions, the secrets that are missing, and a curl line`() async throws
    {
        try await withEdge { host in
            let line = try JSONValue.parse(try await host.output.line(containing: "curl"))["message"]?.string ?? ""
            let words = line.split(separator: "'", omittingEmptySubsequences: false).map(String.init)
            let url = try #require(words.first { $0.hasPrefix("http://127.0.0.1:\(host.port)/") })
            let answer = try await host.get(String(url.dropFirst("http://127.0.0.1:\(host.port)".count)))
            let said = host.said

            #expect(line.contains("/functions/v1/generate"))
            #expect(said.contains(line), "it can be copied from a log that is JSON")
            #expect(answer["Content-Type"] == "image/png", "\(line): \(answer.text.prefix(300))")

            #expect(said.contains("generate"))
            #expect(said.contains("status"))
            #expect(said.contains("optional"))  // the effective auth
            #expect(said.contains("HUGGINGFACE_API_KEY"))
            #expect(said.contains("/functions/v1/generate"))
        }
    }
}
