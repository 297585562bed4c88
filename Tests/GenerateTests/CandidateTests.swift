import JSON
import Providers
import Sandbox
import Testing

@testable import Generate

struct CandidateTests {
    private func result(cost: Int64?, details: JSONObject = [:]) throws -> ImageResult {
        try ImageResult(
            bytes: Sandbox.picture(of: ImageRequest(prompt: "x", width: 64, height: 64)),
            provider: "p",
            model: "m",
            seed: 1,
            cost: cost,
            details: details
        )
    }

    @Test func `the cost that a provider tells replaces the estimate`() throws {
        let candidate = Candidate(provider: "p", price: 1900)

        #expect(candidate.facts(of: try result(cost: 3100))["cost"] == 3100)
        #expect(candidate.facts(of: try result(cost: 3100))["costEstimated"] == nil)
        #expect(candidate.facts(of: try result(cost: nil))["cost"] == 1900)
        #expect(candidate.facts(of: try result(cost: nil))["costEstimated"] == true)
        #expect(Candidate(provider: "p").facts(of: try result(cost: nil))["cost"] == nil)
    }

    @Test func `what was left out is told, and not asked for`() throws {
        let candidate = Candidate(provider: "p", model: "m", dropped: [.steps, .seed])
        let request = ImageRequest(prompt: "x", width: 64, steps: 3, seed: 7)

        #expect(candidate.request(request) == ImageRequest(prompt: "x", model: "m", width: 64))
        #expect(candidate.facts(of: try result(cost: nil))["dropped"] == ["steps", "seed"])
        #expect(
            candidate.facts(of: try result(cost: nil, details: ["dropped": ["width"]]))["dropped"]
                == ["steps", "seed", "width"]
        )
    }

    @Test(
        "Prices hold for what a row names, and the row that names the most wins",
        arguments: [
            (ImageRequest(prompt: "x", model: "a", width: 512, height: 512, steps: 28), 1900),
            (ImageRequest(prompt: "x", model: "a", width: 512, height: 512, steps: 4), 700),
            (ImageRequest(prompt: "x", model: "b"), 500), (ImageRequest(prompt: "x"), 500),
        ] as [(ImageRequest, Int64?)]
    )
    func prices(request: ImageRequest, price: Int64?) {
        let sheet = PriceSheet(rows: [
            PriceSheet.Row(provider: "p", microdollars: 500),
            PriceSheet.Row(provider: "p", model: "a", width: 512, height: 512, steps: 28, microdollars: 1900),
            PriceSheet.Row(provider: "p", model: "a", microdollars: 700),
        ])
        var withLora = request
        withLora.loras = [Lora(model: "l")]

        #expect(sheet.price(of: request, at: "p") == price)
        #expect(sheet.price(of: request, at: "q") == nil)
        #expect(sheet.price(of: withLora, at: "p") == nil)
    }

    @Test func `LoRAs have a price where a row counts them`() {
        let sheet = PriceSheet(rows: [
            PriceSheet.Row(provider: "p", microdollars: 500),
            PriceSheet.Row(provider: "p", loras: 1, microdollars: 1800),
        ])
        let prices = (0...2).map { count in
            var request = ImageRequest(prompt: "x")
            request.loras = (0..<count).map { Lora(model: "l\($0)") }
            return sheet.price(of: request, at: "p")
        }

        #expect(prices == [500, 1800, nil])
    }

    @Test(
        "Ids go to those whose models look like them",
        arguments: [
            ("runware:101@1", [false, true, false, false]),
            ("alibaba:qwen-image@2.0-pro", [false, true, false, false]),
            ("urn:air:sd1:checkpoint:civitai:4201@130072", [false, false, false, true]),
            ("urn:air:sd1:lora:civitai:4201@130072", [false, false, false, false]),
            ("org/name", [true, false, true, false]), ("name", [false, false, true, false]),
            (":a@b", [false, false, true, false]), ("a:@b", [false, false, true, false]),
            ("a:b@", [false, false, true, false]), ("a/b/c", [false, false, true, false]),
        ]
    )
    func ids(id: String, fits: [Bool]) {
        #expect([ModelIDs.hub, .air, .own, .urn].map { $0.mistake(in: id, isOnly: false) == nil } == fits, "\(id)")
        #expect(ModelIDs.any.mistake(in: id, isOnly: false) == nil)
    }
}
