import EdgeFunction
import EdgeLoop
import FileReading
import JSON
import Providers
import TestSupport
import Testing

@testable import Generate

struct GenerateSettingsTests {
    private static let providers = [Fake.runware, Fake.huggingface, Fake.openai, Fake.sandbox].map(\.entry)

    private func parse(_ text: String) throws(FileMistakes) -> GenerateSettings {
        try GenerateSettings.parse(Array(text.utf8), providers: Self.providers)
    }

    private func mistakes(_ text: String) -> [String] {
        do {
            _ = try parse(text)
            return []
        } catch {
            return error.errors.map(\.description)
        }
    }

    @Test func `every section is read`() throws {
        let settings = try parse(
            #"""
            {
              "models": { "sd": { "runware": "civitai:1@2", "huggingface": "org/sd" } },
              "presets": { "poster": { "width": 832, "height": 1216, "model": "sd", "provider": ["runware"] } },
              "route": { "use": ["runware", "sandbox"], "choose": "weighted", "weights": { "runware": 2.5 } },
              "quotas": { "runware": { "every": "2s", "hour": 30, "day": 1000, "atOnce": 15 }, "openai": {} },
              "prices": [
                { "provider": "runware", "model": "sd", "width": 512, "height": 512, "steps": 20, "microdollars": 1900 },
                { "provider": "openai", "microdollars": 0 },
                { "provider": "runware", "loras": 2, "microdollars": 7 }
              ],
              "results": { "allow": ["127.0.0.1", "10.0.0.0/8"] }
            }
            """#
        )

        #expect(settings.models == ["sd": ["runware": "civitai:1@2", "huggingface": "org/sd"]])
        #expect(settings.presets["poster"]?["height"] == 1216)
        #expect(
            settings.route
                == GenerateSettings.Route(use: ["runware", "sandbox"], choose: .weighted, weights: ["runware": 2.5])
        )
        #expect(settings.quotas["runware"] == Quota(every: .seconds(2), hour: 30, day: 1000, atOnce: 15))
        #expect(settings.quotas["openai"] == Quota())
        #expect(
            settings.prices.rows == [
                PriceSheet.Row(
                    provider: "runware",
                    model: "civitai:1@2",
                    width: 512,
                    height: 512,
                    steps: 20,
                    microdollars: 1900
                ), PriceSheet.Row(provider: "openai", microdollars: 0),
                PriceSheet.Row(provider: "runware", loras: 2, microdollars: 7),
            ]
        )
        #expect(settings.resultNetworks == ["127.0.0.1", "10.0.0.0/8"].compactMap { AddressRange($0) })
        #expect(try parse("{}") == GenerateSettings())
    }

    @Test(
        "Every mistake names file, line and key, and what may stand there",
        arguments: [
            ("{", #"generate.json:1: not JSON: "#),
            ("[]", #"generate.json:1: this is an array; write { "models": { ... } }"#),
            (#"{"model": {}}"#, #"generate.json:1: model: unknown key; did you mean "models"?"#),
            (
                "{\n\"models\": {\n\"sd\": {}}}",
                #"generate.json:3: models.sd: points nowhere; write { "runware": "<id>" }, with one of runware, huggingface, openai, sandbox"#
            ),
            (
                #"{"models": {"sd": {"runwear": "a:b@c"}}}"#,
                #"generate.json:1: models.sd.runwear: "runwear" is not known; did you mean "runware"?"#
            ),
            (
                #"{"models": {"sd": {"runware": "org/name"}}}"#,
                #"generate.json:1: models.sd.runware: "org/name" is no id of runware: a model there has the form"#
            ),
            (#"{"models": {"sd": {"runware": 7}}}"#, "generate.json:1: models.sd.runware: this is a number; write"),
            (#"{"models": {"sd": {"runware": ""}}}"#, "generate.json:1: models.sd.runware: this is empty; write"),
            (#"{"models": {"sd": "x"}}"#, "generate.json:1: models.sd: this is a string; write an object"),
            (
                #"{"presets": {"p": {"width": 63}}}"#,
                "generate.json:1: presets.p.width: width is 63; use a multiple of 8 from 64 to 2048"
            ),
            (
                #"{"presets": {"p": {"widht": 64}}}"#,
                #"generate.json:1: presets.p.widht: a preset cannot set this: "widht" is not known; did you mean "width"?"#
            ),
            (
                #"{"presets": {"p": {"prompt": "x"}}}"#,
                #"generate.json:1: presets.p.prompt: a preset cannot set this: "prompt" is not known; "#
            ),
            (
                #"{"presets": {"p": {"provider": "x"}}}"#,
                #"generate.json:1: presets.p.provider: provider is "x"; use "#
            ),
            (
                #"{"route": {"use": ["runware", "hugging"]}}"#,
                #"generate.json:1: route.use[1]: "hugging" is not known; "#
            ),
            (#"{"route": {"use": []}}"#, "generate.json:1: route.use: names no provider; write some of runware, "),
            (
                #"{"route": {"choose": "cheap"}}"#, #"generate.json:1: route.choose: "cheap" is not known; "#
            ),
            (
                #"{"route": {"weights": {"runware": -1}}}"#,
                "generate.json:1: route.weights.runware: -1 is out of range; write a number from 0"
            ),
            (#"{"route": {"weights": {"x": 1}}}"#, #"generate.json:1: route.weights.x: "x" is not known; "#),
            (
                #"{"quotas": {"runware": {"every": 2}}}"#,
                #"generate.json:1: quotas.runware.every: 2 has no unit; write a duration from 1ms to 1h, such as "2s""#
            ),
            (
                #"{"quotas": {"runware": {"perHour": 2}}}"#,
                "generate.json:1: quotas.runware.perHour: unknown key; "
            ),
            (#"{"quotas": {"x": {}}}"#, #"generate.json:1: quotas.x: "x" is not known; "#),
            (
                #"{"prices": [{"provider": "runware", "microdollars": -1}]}"#,
                "generate.json:1: prices[0].microdollars: -1 is out of range; write a whole number from 0 to"
            ),
            (
                "{\"prices\": [\n{\"provider\": \"runware\"}]}",
                "generate.json:2: prices[0]: has no microdollars; write"
            ),
            (#"{"prices": [{"microdollars": 1}]}"#, "generate.json:1: prices[0]: has no provider; write one of"),
            (#"{"prices": [7]}"#, "generate.json:1: prices[0]: this is a number; write an object"),
            (#"{"prices": {}}"#, "generate.json:1: prices: this is an object; write an array"),
            (
                #"{"prices": [{"provider": "x", "microdollars": 1}]}"#,
                #"generate.json:1: prices[0].provider: "x" is not known; "#
            ),
            (
                #"{"models": {"m": {"openai": "o"}}, "prices": [{"provider": "runware", "model": "m", "microdollars": 1}]}"#,
                #"generate.json:1: prices[0].model: "m" has no model at runware; write its id"#
            ),
            (
                #"{"prices": [{"provider": "runware", "model": "m", "microdollars": 1}]}"#,
                #"generate.json:1: prices[0].model: "m" is no alias, and no id of runware: "#
            ),
            (
                #"{"results": {"allow": ["localhost"]}}"#,
                #"generate.json:1: results.allow[0]: "localhost" is no network; write for example "10.0.0.0/8""#
            ),
        ]
    )
    func refuses(text: String, message: String) {
        let found = mistakes(text)

        #expect(found.count == 1, "\(found)")
        #expect(found.first?.hasPrefix(message) == true, "\(found)")
    }

    @Test func `all mistakes are told at once, in the order of the file`() {
        let found = mistakes(
            "{\"models\": {\"a\": {}},\n\"presets\": {\"p\": {\"steps\": 0,\n\"seed\": -1}},\n\"prices\": 7}"
        )

        #expect(found.map { $0.split(separator: ":")[1] } == ["1", "2", "3", "4"])
    }

    @Test func `the file is the one that the host names`() throws {
        let folder = TemporaryFolder()
        folder.write(#"{"models": {"sd": {"huggingface": "org/sd"}}}"#, to: "good.json")
        folder.write(#"{"models": 7}"#, to: "bad.json")

        func read(_ path: String?) throws -> GenerateSettings {
            try GenerateSettings.read(path.map { ["EDGE_SETTINGS": $0] } ?? [:], providers: Self.providers)
        }
        #expect(try read(nil) == GenerateSettings())
        #expect(try read("\(folder.path)/good.json").models == ["sd": ["huggingface": "org/sd"]])
        let bad = #expect(throws: FileMistakes.self) { try read("\(folder.path)/bad.json") }
        #expect(bad?.description == "bad.json:1: models: this is a number; write an object, { ... }")
        let none = #expect(throws: FileMistakes.self) { try read("\(folder.path)/none.json") }
        #expect(none?.description.contains("none.json:1: cannot be read: No such file or directory") == true)
    }

    @Test func `the shipped settings are good, and each alias and preset can be asked for`() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let settings = try GenerateSettings.read(
            ["EDGE_SETTINGS": "/\(root)/generate.json"],
            providers: KnownProviders.all
        )
        let standings = KnownProviders.all.map { entry in
            Fake.standing(
                entry.name,
                ids: entry.ids,
                isFree: entry.secret == nil,
                abilities: ProviderAbilities(Fake.all, kinds: [.image, .video])
            )
        }

        #expect(!settings.models.isEmpty && !settings.presets.isEmpty)
        #expect(settings.quotas["runware"]?.atOnce == 15, "as Runware's own client limits itself")
        var request = ImageRequest(prompt: "x", model: "runware:101@1", width: 1024, height: 1024, steps: 28)
        #expect(settings.prices.price(of: request, at: "runware") == 3800)
        request.loras = [Lora(model: "civitai:1@2")]
        #expect(settings.prices.price(of: request, at: "runware") == 5100)
        (request.width, request.height) = (512, 512)
        #expect(settings.prices.price(of: request, at: "runware") == 3200)
        for alias in settings.models.keys {
            _ = try Fake.admission(standings, settings).admit(["prompt": "x", "model": .string(alias)])
        }
        for preset in settings.presets.keys {
            _ = try Fake.admission(standings, settings).admit(["prompt": "x", "preset": .string(preset)])
        }
    }
}
