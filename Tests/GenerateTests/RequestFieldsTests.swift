import EdgeFunction
import JSON
import Providers
import Testing

@testable import Generate

private let hash = String(repeating: "0a", count: 32)

struct RequestFieldsTests {
    private static let settings: GenerateSettings = {
        var settings = GenerateSettings()
        settings.presets = [
            "poster": [
                "width": 832, "height": 1216, "negative_prompt": "text", "model": "runware:7@1", "lenient": true,
            ],
            "film": ["kind": "video", "duration": 4],
        ]
        return settings
    }()

    private func read(_ fields: JSONObject) throws(AdmissionError) -> RequestFields {
        try RequestFields(fields, presets: Self.settings.presets, known: ["runware", "huggingface", "sandbox"])
    }

    @Test func `pictures, LoRAs and the rest reach the request`() throws {
        let fields = try read([
            "prompt": "x", "image": .string("sha256:\(hash)"), "mask": .string("sha256:\(hash)"), "strength": 0.25,
            "loras": [["model": "civitai:1@2", "weight": -4], ["model": "b"], ["model": "c", "weight": nil]],
            "safety": true, "kind": "video", "duration": 5, "provider": ["runware", "huggingface"],
            "route": "cheapest", "lenient": true,
        ])

        #expect(fields.request.image == ImageInput(sha256: hash))
        #expect(fields.request.mask == ImageInput(sha256: hash))
        #expect(fields.request.strength == 0.25)
        #expect(
            fields.request.loras == [
                Lora(model: "civitai:1@2", weight: -4), Lora(model: "b", weight: 1), Lora(model: "c", weight: 1),
            ]
        )
        #expect(fields.request.checksSafety == true && fields.request.kind == .video && fields.request.duration == 5)
        #expect(fields.providers == ["runware", "huggingface"])
        #expect(fields.choose == .cheapest && fields.isLenient)
    }

    @Test(
        "A refusal names the field, its problem and what may be sent",
        arguments: [
            (["image": "https://x.example/a.png"], "image is no picture that can be read", Field.image),
            (["image": .string("sha256:\(hash)0")], "image is no picture that can be read", .image),
            (["image": .string("sha256:\(hash.uppercased())")], "image is no picture that can be read", .image),
            (["image": .string(hash)], "image is no picture that can be read", .image),
            (["image": 7], "image is a number", .image), (["mask": ["x"]], "mask is an array", .mask),
            (["strength": 1.5, "image": .string("sha256:\(hash)")], "strength is 1.5", .strength),
            (["loras": "x"], "loras is a string", .loras),
            (["loras": ["x"]], "loras has an element that is a string", .loras),
            (["loras": [["weight": 1]]], "loras has an element without a model's id", .loras),
            (["loras": [["model": "a b"]]], "loras has an element without a model's id", .loras),
            (["loras": [["model": "a", "size": 1]]], "loras has an element with \"size\"", .loras),
            (["loras": [["model": "a", "weight": 4.5]]], "loras has the weight 4.5", .loras),
            (["loras": [["model": "a", "weight": "1"]]], "loras has the weight \"1\"", .loras),
            (["loras": [["model": "a"], ["model": "a"]]], "loras has \"a\" twice", .loras),
            (
                ["loras": .array((0..<9).map { ["model": .string("m\($0)")] })], "loras has 9 elements", .loras
            ),
            (["safety": "yes"], "safety is a string", .safety), (["kind": "song"], "kind is \"song\"", .kind),
            (["kind": "video", "duration": 61], "duration is 61", .duration),
            (["provider": []], "provider is an empty list", .provider),
            (["provider": ["runware", "runware"]], "provider names runware twice", .provider),
            (["provider": ["runware", 7]], "provider is a number", .provider),
            (["provider": ["runwar"]], "provider is \"runwar\"", .provider),
            (["route": "best"], "route is \"best\"", .route), (["lenient": 1], "lenient is a number", .lenient),
        ] as [(JSONObject, String, Field)]
    )
    func refuses(fields: JSONObject, problem: String, field: Field) throws {
        var fields = fields
        fields["prompt"] = "x"
        let error = try #require(#expect(throws: AdmissionError.self) { try read(fields) })

        #expect(error.description == "\(problem); use \(field.allowed)")
        #expect(error.field == field.rawValue)
    }

    @Test(
        "What makes sense only with another field says which",
        arguments: [
            (["mask": .string("sha256:\(hash)")], "mask needs an image; send one as image, or leave it out"),
            (["strength": 0.5], "strength needs an image; send one as image, or leave it out"),
            (["duration": 5], "duration is only for videos; leave it out, or add \"kind\": \"video\""),
            (["preset": "postr"], "preset is \"postr\"; did you mean poster?"),
            (["preset": "sunflower"], "preset is \"sunflower\"; known are film, poster"),
        ] as [(JSONObject, String)]
    )
    func refusesAlone(fields: JSONObject, message: String) throws {
        var fields = fields
        fields["prompt"] = "x"
        let error = try #require(#expect(throws: AdmissionError.self) { try read(fields) })

        #expect(error.description == message)
    }

    @Test func `a preset fills what the request leaves open, field by field`() throws {
        let whole = try read(["prompt": "x", "preset": "poster"])
        let changed = try read(["prompt": "x", "preset": "poster", "width": 512, "height": nil, "lenient": false])

        #expect(whole.request == ImageRequest(prompt: "x", negativePrompt: "text", width: 832, height: 1216))
        #expect(whole.model == "runware:7@1" && whole.isLenient)
        #expect(changed.request == ImageRequest(prompt: "x", negativePrompt: "text", width: 512, height: 1216))
        #expect(!changed.isLenient)
        #expect(try read(["prompt": "x", "preset": "film"]).request.duration == 4)
    }

    @Test func `without presets the message says so`() {
        let error = #expect(throws: AdmissionError.self) {
            try RequestFields(["prompt": "x", "preset": "poster"], presets: [:], known: [])
        }

        #expect(error?.description.contains("there are none") == true)
    }

    @Test func `a query takes lists of providers, numbers and flags`() throws {
        let fields = try QueryFields.read(
            target: "/generate?prompt=x&provider=runware,huggingface&strength=0.5&duration=4&safety=1&lenient=false"
        )

        #expect(fields["provider"] == ["runware", "huggingface"])
        #expect(fields["strength"] == 0.5 && fields["duration"] == 4)
        #expect(fields["safety"] == true && fields["lenient"] == false)
    }
}
