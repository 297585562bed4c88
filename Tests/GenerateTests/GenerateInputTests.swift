import JSON
import Providers
import Testing

@testable import Generate

struct GenerateInputTests {
    private let full = GenerateInput(
        provider: .huggingface,
        request: ImageRequest(
            prompt: "p",
            negativePrompt: "n",
            model: "m",
            width: 64,
            height: 72,
            steps: 3,
            guidanceScale: 7.5,
            seed: 9,
            scheduler: "s"
        )
    )

    private func key(_ json: JSONObject) throws -> String {
        try Admission(defaultProvider: .huggingface, defaultModel: "org/usual").admit(json).input.key
    }

    @Test func `what a job file keeps is read back`() throws {
        let text = JSONValue.object(full.json).text()

        let read = GenerateInput(try #require(try JSONValue.parse(text).object))

        #expect(read == full)
    }

    @Test func `a seed is drawn only where the caller named none, and a job file keeps it`() throws {
        let plain = GenerateInput(provider: .sandbox, request: ImageRequest(prompt: "p"))

        let drawn = plain.drawing(7)

        #expect(drawn.request.seed == 7)
        #expect(drawn.request.isSeedDrawn)
        #expect(GenerateInput(drawn.json) == drawn)
        #expect(full.drawing(7) == full)
    }

    @Test(
        "What somebody has broken in a job file is not run",
        arguments: [[:], ["prompt": "x"], ["provider": "other", "prompt": "x"], ["provider": "sandbox", "prompt": 7]]
            as [JSONObject]
    )
    func refusesBroken(json: JSONObject) { #expect(GenerateInput(json) == nil) }

    @Test func `every field changes the key`() {
        var others = Array(repeating: full, count: 10)
        others[0].provider = .sandbox
        others[1].request.prompt = "q"
        others[2].request.negativePrompt = nil
        others[3].request.model = "m2"
        others[4].request.width = 72
        others[5].request.height = 64
        others[6].request.steps = nil
        others[7].request.guidanceScale = 7
        others[8].request.seed = nil
        others[9].request.scheduler = "t"

        #expect(Set(([full] + others).map(\.key)).count == 11)
    }

    @Test func `equal requests have equal keys however they are written`() throws {
        let usual = try key(["prompt": "x", "guidance_scale": 7, "width": 512])

        #expect(usual == (try key(["width": 512.0, "guidance_scale": 7.0, "prompt": " x "])))
        #expect(
            usual == (try key(["prompt": "x", "guidance_scale": 7, "width": 512, "model": "org/usual", "seed": nil]))
        )
        #expect(usual == (try key(["prompt": "x", "guidance_scale": 7, "width": 512, "fresh": true])))
        #expect(
            try key(["prompt": "x", "guidance_scale": 0])
                == (try key(["prompt": "x", "guidance_scale": .double(-0.0)]))
        )
    }

    @Test func `keys stay what they are`() {
        // A changed key forgets every cached image: raise keyVersion when that is meant.
        #expect(full.key == "8202bb2d3b7988a5b34cf4c9d4678b167399c17fcdb6a65ac14a2aa8b13e6d06")
    }
}
