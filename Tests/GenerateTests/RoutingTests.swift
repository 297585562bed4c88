import EdgeFunction
import JSON
import Providers
import Testing

@testable import Generate

struct RoutingTests {
    private static let everybody = [Fake.runware, Fake.huggingface, Fake.openai, Fake.sandbox]

    private static let picture = JSONValue.string("sha256:" + String(repeating: "a", count: 64))

    private static let settings: GenerateSettings = {
        var settings = GenerateSettings()
        settings.models = [
            "flux-schnell": ["runware": "runware:100@1", "huggingface": "black-forest-labs/FLUX.1-schnell"]
        ]
        return settings
    }()

    private func lanes(
        _ fields: JSONObject,
        _ standings: [ProviderStanding] = everybody,
        _ settings: GenerateSettings = settings
    ) throws -> [String] {
        var fields = fields
        fields["prompt"] = "x"
        return try Fake.admission(standings, settings).admit(fields).input.candidates.map {
            $0.provider + ($0.model.map { " \($0)" } ?? "")
                + ($0.dropped.isEmpty ? "" : " -\($0.dropped.map(\.rawValue).joined(separator: ","))")
        }
    }

    private func refusal(_ fields: JSONObject, _ standings: [ProviderStanding] = everybody) throws -> AdmissionError {
        try #require(#expect(throws: AdmissionError.self) { try lanes(fields, standings) })
    }

    @Test(
        "The route is those who can do it, best first",
        arguments: [
            ([:], ["runware runware:100@1", "huggingface org/usual", "openai gpt-image-1.5"]),
            (["provider": "huggingface"], ["huggingface org/usual"]),
            (["provider": ["openai", "runware"]], ["openai gpt-image-1.5", "runware runware:100@1"]),
            (["provider": ["huggingface", "sandbox"]], ["huggingface org/usual", "sandbox"]),
            // An alias goes to those who have it, a full id to those whose ids look like it.
            (
                ["model": "flux-schnell"],
                ["runware runware:100@1", "huggingface black-forest-labs/FLUX.1-schnell"]
            ),
            (["model": "civitai:36520@76907"], ["runware civitai:36520@76907"]),
            (["model": "org/name"], ["huggingface org/name", "openai org/name"]),
            (["model": "gpt-image-2"], ["openai gpt-image-2"]),
            (["model": "gpt2", "provider": "huggingface"], ["huggingface gpt2"]),
            (["model": "flux-schnell", "provider": "sandbox"], ["sandbox flux-schnell"]),
            // Who cannot do all of it is left out.
            (["steps": 8], ["runware runware:100@1", "huggingface org/usual"]),
            (["loras": [["model": "a"]]], ["runware runware:100@1"]),
            (["width": 520, "height": 512], ["huggingface org/usual"]),
            // A video has no usual model.
            (["kind": "video"], ["runware"]), (["kind": "video", "model": "a:b@c"], ["runware a:b@c"]),
            // With leave, it leaves out what it cannot do, and what makes no sense without.
            (
                ["steps": 8, "width": 1000, "height": 1024, "lenient": true],
                [
                    "runware runware:100@1 -width,height", "huggingface org/usual",
                    "openai gpt-image-1.5 -width,height,steps",
                ]
            ),
            // The picture only where nobody takes it, and then its strength too.
            (["image": picture, "lenient": true], ["runware runware:100@1", "openai gpt-image-1.5"]),
            (
                ["image": picture, "strength": 0.5, "lenient": true, "provider": "huggingface"],
                ["huggingface org/usual -image,strength"]
            ),
        ] as [(JSONObject, [String])]
    )
    func routes(fields: JSONObject, expected: [String]) throws { #expect(try lanes(fields) == expected) }

    @Test func `only those with a key take part, and the sandbox when nobody has one`() throws {
        let noKey = Fake.standing("huggingface", ids: .hub, key: nil, notReady: "set KEY")
        let broken = Fake.standing("runware", ids: .air, notReady: "KEY holds a space")

        #expect(try lanes([:], [noKey, Fake.openai, Fake.sandbox]) == ["openai gpt-image-1.5"])
        #expect(try lanes([:], [noKey, Fake.sandbox]) == ["sandbox"])
        #expect(try lanes(["provider": ["huggingface", "openai"]], [noKey, Fake.openai]) == ["openai gpt-image-1.5"])
        #expect(try lanes([:], [broken, Fake.openai, Fake.sandbox]) == ["openai gpt-image-1.5"])
        // A key that cannot be used is a mistake to tell, and no reason to draw something.
        #expect(try refusal([:], [broken, Fake.sandbox]).status == 424)
    }

    @Test func `the settings say who, unless the request does`() throws {
        var settings = Self.settings
        settings.route.use = ["openai", "sandbox", "huggingface"]
        let selfHosted = Fake.standing("huggingface", ids: .hub, key: nil)
        let noKey = Fake.standing("openai", key: nil, notReady: "set KEY")

        #expect(
            try lanes([:], Self.everybody, settings) == ["openai gpt-image-1.5", "sandbox", "huggingface org/usual"]
        )
        #expect(try lanes(["provider": "runware"], Self.everybody, settings) == ["runware runware:100@1"])
        #expect(try lanes([:], [noKey, selfHosted], settings) == ["huggingface"])
        settings.route.use = ["openai"]
        #expect(try lanes([:], [noKey, Fake.sandbox], settings) == ["sandbox"])
        #expect(throws: AdmissionError.self) { try lanes([:], [noKey, Fake.runware, Fake.sandbox], settings) }
    }

    @Test(
        "The choice is the request's, else the settings', else the order of a list",
        arguments: [
            (JSONObject(), Lane.Choice.weighted), (["route": "fastest"], .fastest),
            (["provider": ["openai", "runware"]], .order),
            (["provider": "openai", "route": "cheapest"], .cheapest),
        ] as [(JSONObject, Lane.Choice)]
    )
    func chooses(fields: JSONObject, choice: Lane.Choice) throws {
        var fields = fields
        fields["prompt"] = "x"
        var settings = Self.settings
        settings.route.choose = .weighted

        #expect(try Fake.admission(Self.everybody, settings).admit(fields).choose == choice)
    }

    @Test(
        "What the only provider cannot do is refused with what it can",
        arguments: [
            (
                ["provider": "openai", "steps": 8], "steps",
                "provider openai cannot take steps as asked for; it takes width, height, image, mask; change it, choose another provider, or add \"lenient\": true to leave it out"
            ),
            (
                ["provider": "runware", "width": 520], "width",
                "provider runware cannot take width as asked for; it takes a multiple of 64 from 128 to 2048; change it, choose another provider, or add \"lenient\": true to leave it out"
            ),
            (
                [
                    "provider": "huggingface",
                    "image": .string("sha256:" + String(repeating: "a", count: 64)),
                ], "image",
                "provider huggingface cannot take image as asked for; it takes negative_prompt, width, height, steps, guidance_scale, seed, scheduler; change it, choose another provider, or add \"lenient\": true to leave it out"
            ),
            (["provider": "openai", "kind": "video", "lenient": true], "kind", "provider openai makes images only"),
            (
                ["provider": "openai", "model": "flux-schnell"], "model",
                "model \"flux-schnell\" is not known at openai; it is an alias for huggingface, runware"
            ),
            (
                ["provider": "runware", "model": "flux-schnel"], "model",
                "model cannot be used at runware: a model there has the form source:id@version, such as runware:101@1; did you mean flux-schnell?; use \(Field.model.allowed)"
            ),
        ] as [(JSONObject, String, String)]
    )
    func refuses(fields: JSONObject, field: String, message: String) throws {
        let error = try refusal(fields)

        #expect(error.description == message)
        #expect(error.field == field)
        #expect(error.status == 400)
    }

    @Test func `leave to leave out reaches who learns later what it can do, and nobody else`() throws {
        let later = Fake.standing("later", learnsLater: true)
        func isLenient(_ standing: ProviderStanding, _ fields: JSONObject) throws -> Bool {
            try Fake.admission([standing]).admit(fields).input.request.isLenient
        }

        #expect(try isLenient(later, ["prompt": "x", "steps": 3, "lenient": true]))
        #expect(try !isLenient(later, ["prompt": "x", "steps": 3]))
        #expect(try !isLenient(later, ["prompt": "x", "lenient": true]))
        #expect(try !isLenient(Fake.huggingface, ["prompt": "x", "steps": 3, "lenient": true]))
    }

    @Test func `when nobody of several can do it, each says why`() throws {
        let error = try refusal(["provider": ["openai", "huggingface"], "loras": [["model": "a"]]])

        #expect(error.field == "loras")
        #expect(error.code == "unsupported_field")
        #expect(
            error.description.hasPrefix("no provider of the route can do this: provider openai cannot take loras")
        )
        #expect(error.description.contains("; provider huggingface cannot take loras"))
    }

    @Test func `a ticket has a lane for each, with account, price, weight and quota`() throws {
        var settings = Self.settings
        settings.prices.rows = [PriceSheet.Row(provider: "runware", microdollars: 1900)]
        settings.quotas = ["runware": Quota(every: .seconds(2), atOnce: 15)]
        settings.route = GenerateSettings.Route(choose: .cheapest, weights: ["openai": 3])
        let admission = Fake.admission([Fake.runware, Fake.openai], settings)
        let picture = String(repeating: "b", count: 64)

        let ticket = admission.ticket(
            try admission.admit(["prompt": "x", "fresh": true, "image": .string("sha256:\(picture)")])
        ) { 7 }

        #expect(
            ticket.lanes == [
                // A picture that begins with another one has no known price.
                Lane(
                    name: "runware",
                    provider: "runware",
                    model: "runware:100@1",
                    account: "runware#k",
                    quota: Quota(every: .seconds(2), atOnce: 15),
                    takesAttemptIDs: true
                ),
                Lane(name: "openai", provider: "openai", model: "gpt-image-1.5", account: "openai#k", weight: 3),
            ]
        )
        #expect(ticket.choose == .cheapest && ticket.inputs == [picture] && ticket.isFresh)
        #expect(ticket.input["seed"] == 7 && ticket.input["seed_drawn"] == true)
        #expect(ticket.key?.count == 64 && ticket.accept == "image/*")
        #expect(admission.ticket(try admission.admit(["prompt": "x"])) { 7 }.lanes.map(\.price) == [1900, nil])
    }
}
