import CivilTime
import JSON
import Providers
import Testing

@testable import HFInference

struct HFMappingTests {
    private let model = HFModelID.usual

    private func entry(_ status: String = "live", task: String = "text-to-image") -> JSONValue {
        ["status": .string(status), "providerId": "x/y", "task": .string(task)]
    }

    @Test func `the first that we speak is taken, in the order of the mapping`() throws {
        let mapping = try #require(
            HFMapping([
                "inferenceProviderMapping": [
                    "nebius": entry(), "fal-ai": entry(), "together": entry(), "nscale": entry(), "novita": entry(),
                ]
            ])
        )

        let routes = mapping.routes(for: .textToImage)
        #expect(routes.map(\.provider) == [.falAI, .together, .nscale])
        #expect(routes.first?.entry.providerID == "x/y")
        #expect(mapping.routes(for: .textToVideo).isEmpty)
    }

    @Test func `the array form is read as well`() throws {
        let mapping = try #require(
            HFMapping([
                "inferenceProviderMapping": [
                    [
                        "provider": "hyperbolic", "hfModelId": "a/b", "providerId": "r", "status": "live",
                        "task": "text-to-image",
                    ],
                    ["provider": "nscale", "hfModelId": "a/b", "status": "live", "task": "text-to-image"],
                ]
            ])
        )

        let route = mapping.routes(for: .textToImage).first
        #expect(route?.provider == .nscale)
        #expect(route?.entry.providerID == "a/b")
    }

    @Test func `staging, failed and other tasks are passed over`() throws {
        let mapping = try #require(
            HFMapping([
                "inferenceProviderMapping": [
                    "nscale": entry("staging"), "together": entry("error"),
                    "hf-inference": entry(task: "text-generation"),
                ]
            ])
        )

        #expect(mapping.routes(for: .textToImage).isEmpty)
        #expect(
            mapping.noRoute(model: model)
                == "the model black-forest-labs/FLUX.1-schnell is served by nscale (not live), together (not live), and edge speaks hf-inference, fal-ai, nscale, replicate, together, wavespeed, zai-org; choose another model"
        )
    }

    @Test func `an entry that adds to another model is passed over, for that model alone is another picture`() throws {
        let mapping = try #require(
            HFMapping([
                "inferenceProviderMapping": [
                    "fal-ai": [
                        "status": "live", "providerId": "fal-ai/flux-lora", "task": "text-to-image", "adapter": "lora",
                        "adapterWeightsPath": "lora.safetensors",
                    ]
                ]
            ])
        )

        #expect(mapping.routes(for: .textToImage).isEmpty)
        #expect(mapping.noRoute(model: model).contains("fal-ai (as an addition to another model)"))
    }

    @Test(
        "Entries that cannot be read do no harm",
        arguments: [
            [:], ["inferenceProviderMapping": nil], ["inferenceProviderMapping": []],
            ["inferenceProviderMapping": ["nscale": "live", "together": [:], "hf-inference": ["providerId": 3]]],
            ["inferenceProviderMapping": [["providerId": "x"], 7, nil]],
        ] as [JSONValue]
    )
    func survives(document: JSONValue) throws {
        let mapping = try #require(HFMapping(document))

        #expect(mapping.routes(for: .textToImage).isEmpty)
        #expect(
            mapping.noRoute(model: model)
                == "no inference provider serves the model black-forest-labs/FLUX.1-schnell; choose another model"
        )
    }

    @Test func `a document that is no object is no mapping`() { #expect(HFMapping(["a"]) == nil) }
}

struct HFMappingCacheTests {
    private let start = Timestamp(milliseconds: 1_800_000_000_000)

    private func mapping(_ providers: String...) throws -> HFMapping {
        try #require(HFMapping(try JSONValue.parse(ProviderReply.mapping(providers.first ?? "nebius").body)))
    }

    @Test func `a mapping is fresh for ten minutes and serves for a day`() throws {
        var cache = HFMappingCache()
        cache.keep(try mapping("nscale"), of: .usual, at: start)

        #expect(cache.fresh(.usual, at: start + .seconds(599)) != nil)
        #expect(cache.fresh(.usual, at: start + .seconds(600)) == nil)
        #expect(cache.stale(.usual, at: start + .seconds(86_399)) != nil)
        #expect(cache.stale(.usual, at: start + .seconds(86_400)) == nil)
    }

    @Test func `a model without a route is asked about again soon`() throws {
        var cache = HFMappingCache()
        cache.keep(try mapping("nebius"), of: .usual, at: start)

        #expect(cache.fresh(.usual, at: start + .seconds(29)) != nil)
        #expect(cache.fresh(.usual, at: start + .seconds(30)) == nil)
    }

    @Test func `the oldest goes when there are too many`() throws {
        var cache = HFMappingCache()
        let mapping = try mapping("nscale")
        for number in 0...HFMappingCache.modelsMax {
            cache.keep(mapping, of: try HFModelID("a/m\(number)"), at: start + .milliseconds(number))
        }

        #expect(cache.fresh(try HFModelID("a/m0"), at: start + .seconds(1)) == nil)
        #expect(cache.fresh(try HFModelID("a/m1"), at: start + .seconds(1)) != nil)
        #expect(cache.fresh(try HFModelID("a/m256"), at: start + .seconds(1)) != nil)
    }
}
