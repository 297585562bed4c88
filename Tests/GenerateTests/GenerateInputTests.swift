import JSON
import Providers
import Testing

@testable import Generate

struct GenerateInputTests {
    private static let full: GenerateInput = {
        var request = ImageRequest(
            prompt: "p",
            negativePrompt: "n",
            width: 64,
            height: 72,
            steps: 3,
            guidanceScale: 7.5,
            seed: 9,
            scheduler: "s"
        )
        request.kind = .video
        request.image = ImageInput(sha256: "aa")
        request.mask = ImageInput(sha256: "bb")
        request.strength = 0.5
        request.loras = [Lora(model: "l", weight: -1)]
        request.checksSafety = true
        request.duration = 4
        request.isLenient = true
        return GenerateInput(
            request: request,
            candidates: [
                Candidate(provider: "runware", model: "m", dropped: [.steps], price: 1900),
                Candidate(provider: "huggingface"),
            ]
        )
    }()

    private func key(_ json: JSONObject) throws -> String {
        try Fake.admission([Fake.huggingface]).admit(json).input.key
    }

    @Test func `what a job file keeps is read back`() throws {
        let text = JSONValue.object(Self.full.json).text()

        let read = GenerateInput(try #require(try JSONValue.parse(text).object))

        #expect(read == Self.full)
        #expect(read?.pictures == ["aa", "bb"])
    }

    @Test func `a seed is drawn only where the caller named none, and a job file keeps it`() throws {
        let plain = GenerateInput(request: ImageRequest(prompt: "p"), candidates: [Candidate(provider: "sandbox")])

        let drawn = plain.drawing(7)

        #expect(drawn.request.seed == 7)
        #expect(drawn.request.isSeedDrawn)
        #expect(GenerateInput(drawn.json) == drawn)
        #expect(Self.full.drawing(7) == Self.full)
    }

    @Test(
        "What somebody has broken in a job file is not run",
        arguments: [
            [:], ["prompt": "x"], ["prompt": "x", "lanes": []], ["prompt": "x", "lanes": [["model": "m"]]],
            ["prompt": 7, "lanes": [["provider": "p"]]], ["prompt": "x", "kind": "song", "lanes": [["provider": "p"]]],
            ["prompt": "x", "loras": [7], "lanes": [["provider": "p"]]],
            ["prompt": "x", "lanes": [["provider": "p", "dropped": ["colour"]]]],
        ] as [JSONObject]
    )
    func refusesBroken(json: JSONObject) { #expect(GenerateInput(json) == nil) }

    @Test(
        "Every part that changes the picture changes the key",
        arguments: [
            { $0.request.prompt = "q" }, { $0.request.negativePrompt = nil }, { $0.request.width = 72 },
            { $0.request.height = 64 }, { $0.request.steps = nil }, { $0.request.guidanceScale = 7 },
            { $0.request.seed = nil }, { $0.request.scheduler = "t" }, { $0.request.kind = .image },
            { $0.request.image?.sha256 = "ab" }, { $0.request.mask = nil }, { $0.request.strength = 0.4 },
            { $0.request.loras[0].weight = 1 }, { $0.request.loras[0].model = "k" }, { $0.request.checksSafety = nil },
            { $0.request.duration = 5 }, { $0.request.isLenient = false }, { $0.candidates[0].model = "n" },
            { $0.candidates[0].dropped = [] },
            { $0.candidates[1].provider = "openai" }, { $0.candidates.removeLast() },
        ] as [@Sendable (inout GenerateInput) -> Void]
    )
    func changes(change: @Sendable (inout GenerateInput) -> Void) {
        var other = Self.full
        change(&other)

        #expect(other.key != Self.full.key)
    }

    @Test(
        "What does not change it leaves the key",
        arguments: [
            { $0.candidates.reverse() }, { $0.candidates[0].price = nil }, { $0.request.image?.path = "/x" },
        ] as [@Sendable (inout GenerateInput) -> Void]
    )
    func keeps(change: @Sendable (inout GenerateInput) -> Void) {
        var other = Self.full
        change(&other)

        #expect(other.key == Self.full.key)
    }

    @Test func `what all candidates leave out is as if it had not been asked for`() {
        var dropped = Self.full
        dropped.candidates = [Candidate(provider: "p", dropped: [.loras, .steps])]
        var without = Self.full
        without.request.loras = []
        without.request.steps = nil
        without.candidates = [Candidate(provider: "p")]

        #expect(dropped.key == without.key)
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
        let loras: JSONValue = [["model": "a", "weight": 1]]
        #expect(
            try Fake.admission([Fake.runware]).admit(["prompt": "x", "loras": loras]).input.key
                == (try Fake.admission([Fake.runware]).admit(["prompt": "x", "loras": [["model": "a"]]]).input.key)
        )
    }

    @Test func `keys stay what they are`() {
        // A changed key forgets every cached image: raise keyVersion when that is meant.
        #expect(Self.full.key == "2f5488e3cfef72d33d9b684483090efc595959edab73bb94277c56be1c2e9575")
    }

    @Test func `a further picture of the same request has its own key, and a seed that is always the same`() {
        let one = GenerateInput(request: ImageRequest(prompt: "p"), candidates: [Candidate(provider: "openai")])
        var two = one
        two.variation = 1
        var three = one
        three.variation = 2

        #expect(Set([one.key, two.key, three.key]).count == 3)
        #expect(one.varied == one)
        #expect(two.varied.request.seed == two.varied.request.seed)
        #expect(two.varied.request.seed != three.varied.request.seed)
        #expect(two.varied.request.isSeedDrawn, "who takes no seed leaves it away")
    }

    @Test func `another server or quality is another picture`() {
        let one = GenerateInput(request: ImageRequest(prompt: "p"), candidates: [Candidate(provider: "openai")])
        var other = one
        other.candidates[0].server = "d1"

        #expect(one.key != other.key)
    }
}
