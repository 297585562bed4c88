// The same requests to every provider: the answers are of the same kinds.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct ProviderTableTests {
    init() { TestLoop.start() }

    private static let served: [RouterScript.Served] = [
        .hfInference, .falAI, .replicate, .together, .nscale, .wavespeed, .zaiOrg,
    ]
    static let names = ["runware", "openai", "civitai", "sandbox"] + served.map(\.rawValue)

    /// What may come of a request.
    private enum Kind {
        case image
        /// 400 that names this field.
        case mistake(String)
        /// An image, or 400 that names the provider and this field: not everybody can do it.
        case imageUnless(String)
    }

    private static let requests: [(fields: JSONObject, kind: Kind)] = [
        (["prompt": "a fox"], .image), (["prompt": "  a fox in the snow  "], .image),
        (["prompt": "ein Fuchs, 狐, 🦊"], .image), (["prompt": "again", "fresh": true], .image),
        (["prompt": "square", "preset": "square"], .image),
        (["prompt": "sized", "width": 1024, "height": 1024], .image),
        (["prompt": "all of it", "negative_prompt": "rain", "scheduler": "Euler", "lenient": true], .image),
        (["prompt": "null is nothing", "steps": nil, "seed": nil], .image),
        (["prompt": "negative", "negative_prompt": "rain"], .imageUnless("negative_prompt")),
        (["prompt": "steps", "steps": 4], .imageUnless("steps")),
        (["prompt": "guided", "guidance_scale": 3.5], .imageUnless("guidance_scale")),
        (["prompt": "seeded", "seed": 7], .imageUnless("seed")),
        (["prompt": "scheduled", "scheduler": "Euler"], .imageUnless("scheduler")),
        ([:], .mistake("prompt")), (["prompt": ""], .mistake("prompt")), (["prompt": 7], .mistake("prompt")),
        (["prompt": "x", "width": 63], .mistake("width")), (["prompt": "x", "width": 100], .mistake("width")),
        (["prompt": "x", "height": 4096], .mistake("height")), (["prompt": "x", "steps": 0], .mistake("steps")),
        (["prompt": "x", "steps": 1000], .mistake("steps")),
        (["prompt": "x", "guidance_scale": 31], .mistake("guidance_scale")),
        (["prompt": "x", "seed": -1], .mistake("seed")), (["prompt": "x", "seed": "abc"], .mistake("seed")),
        (["prompt": "x", "colour": "red"], .mistake("colour")),
        (["prompt": "x", "preset": "none"], .mistake("preset")),
        (["prompt": "x", "image": "data:text/plain,hello"], .mistake("image")),
        (["prompt": "x", "strength": 0.5], .mistake("strength")), (["prompt": "x", "kind": "sound"], .mistake("kind")),
        (["prompt": "x", "duration": 5], .mistake("duration")),
    ]

    @Test("The same 30 requests", arguments: names)
    @LoopActor func table(name: String) async throws {
        let stand = try ProviderStand(name)
        #expect(Self.requests.count == 30)
        try await withEdge(stand.options) { host in
            let bodies = Self.requests.map { request in
                var fields = request.fields
                fields["model"] = stand.model.map { .string($0) }
                return JSONValue.object(fields)
            }
            // The first alone, which learns who serves the model; then at once: a provider that queues takes its time over each.
            let first = try await host.generate(bodies[0])
            let clients = bodies.dropFirst().map { body in Task { @LoopActor in try await host.generate(body) } }
            var answers = [first]
            for client in clients { answers.append(try await client.value) }
            var row = ""
            for (number, (answer, request)) in zip(answers, Self.requests).enumerated() {
                row += answer.status == 200 ? "I" : answer.status == 400 ? "r" : "?"
                check(answer, request.kind, name, number)
            }
            print("provider table: \(row) \(name)")
            // What is refused is asked of nobody.
            let made = answers.count { $0.status == 200 }
            #expect(stand.calls == stand.calls(forImages: made), "\(name): \(made) images")
        }
    }

    private func check(_ answer: ProbeAnswer, _ kind: Kind, _ provider: String, _ number: Int) {
        let shown = Comment(rawValue: "\(provider) \(number): \(answer.status) \(answer.text.prefix(300))")
        switch kind {
        case .image:
            #expect(answer.status == 200, shown)
            #expect(answer["Content-Type"]?.hasPrefix("image/") == true, shown)
        case .mistake(let field):
            expectProblem(answer, 400, naming: [field], "\(provider) \(number)")
            #expect(answer.json["field"]?.string == field, shown)
        case .imageUnless(let field) where answer.status != 200:
            expectProblem(answer, 400, naming: [provider, field], "\(provider) \(number)")
        case .imageUnless: #expect(answer["Content-Type"]?.hasPrefix("image/") == true, shown)
        }
    }

    /// What a prompt asks a scripted provider to answer, and what a caller gets of it.
    static let faults: [(prompt: String, status: Int)] = [
        ("moderated", 422), ("no credit", 402), ("bad key", 424), ("no model", 404),
    ]

    @Test("The same refusals", arguments: names.filter { $0 != "sandbox" })
    @LoopActor func refusals(name: String) async throws {
        let stand = try ProviderStand(name)
        try await withEdge(stand.options) { host in
            for (prompt, status) in Self.faults {
                var body: JSONObject = ["prompt": .string(prompt)]
                body["model"] = stand.model.map { .string($0) }
                let answer = try await host.generate(.object(body))

                #expect(answer.status == status, "\(name), \(prompt): \(answer.text.prefix(400))")
                expectProblem(answer, answer.status, "\(name), \(prompt)")
            }
            // Refused is not failed: the provider made nothing more, and nothing was tried twice.
            let image = try await host.generate(.object(stand.body("a fox")))
            #expect(image.status == 200, "\(name): \(image.text.prefix(400))")
            #expect(stand.refused == Self.faults.count, "\(name): each was asked for once")
            var expected = stand.calls(forImages: 1)
            // A model that is not found may have moved.
            if expected.mappings > 0 { expected.mappings += 1 }
            #expect(stand.calls == expected, "\(name)")
        }
    }
}

/// One provider alone, and what a host needs to come to it.
@LoopActor
private struct ProviderStand {
    let model: String?
    let options: EdgeOptions
    private let script: Script

    private enum Script {
        case runware(RunwareScript)
        case openai(OpenAIScript)
        case civitai(CivitaiScript)
        case sandbox
        case router(RouterStand)
    }

    /// Calls by what they are for.
    struct Calls: Equatable {
        var makes = 0
        var looks = 0
        var fetches = 0
        /// Of the Hub, who serves a model.
        var mappings = 0
    }

    func body(_ prompt: String) -> JSONObject {
        var body: JSONObject = ["prompt": .string(prompt)]
        body["model"] = model.map { .string($0) }
        return body
    }

    private static func isFault(_ prompt: String) -> Bool {
        ProviderTableTests.faults.contains { $0.prompt == prompt }
    }

    /// How often it was asked for something of ``ProviderTableTests/faults``.
    var refused: Int {
        switch script {
        case .runware(let script): script.sent.count { Self.isFault($0["positivePrompt"]?.string ?? "") }
        case .openai(let script): script.images.count { Self.isFault(OpenAIScript.prompt(of: $0)) }
        case .civitai(let script): script.prompts.count { Self.isFault($0) }
        case .sandbox: 0
        case .router(let stand): stand.refused
        }
    }

    /// All other calls.
    var calls: Calls {
        switch script {
        case .runware(let script):
            let calls = Calls(makes: script.sent.count - refused, looks: script.questions, fetches: script.fetches)
            #expect(script.calls == calls.makes + refused + calls.looks + calls.fetches, "there are no other calls")
            return calls
        case .openai(let script):
            let calls = Calls(makes: script.calls - refused, fetches: script.fetches.count)
            #expect(script.upstream.calls == calls.makes + refused + calls.fetches, "there are no other calls")
            return calls
        case .civitai(let script):
            let calls = Calls(makes: script.sent.count - refused, looks: script.questions, fetches: script.fetches)
            let others = refused + script.trials.count
            #expect(script.calls == calls.makes + others + calls.looks + calls.fetches, "there are no other calls")
            // A refusal with 403 is priced once more, to tell a lack of Buzz from a lack of rights.
            #expect(script.trials.count == script.prompts.count { $0 == "no credit" })
            return calls
        case .sandbox: return Calls()
        case .router(let stand): return stand.calls
        }
    }

    /// What so many images take, as the provider's sheet has it.
    func calls(forImages count: Int) -> Calls {
        switch script {
        // Begun, asked about, and fetched from its address.
        case .runware: Calls(makes: count, looks: count, fetches: count)
        // The picture is in the answer.
        case .openai: Calls(makes: count)
        // The answer has the picture's address.
        case .civitai: Calls(makes: count, fetches: count)
        case .sandbox: Calls()
        case .router(let stand): stand.calls(forImages: count)
        }
    }

    init(_ name: String) throws {
        let environment: [(name: String, value: String)]
        switch name {
        case "runware":
            let runware = try Self.runware()
            (model, environment, script) = (nil, runware.environment, .runware(runware))
        case "openai":
            let openai = try Self.openai()
            (model, environment, script) = ("gpt-image-1-mini", openai.environment, .openai(openai))
        case "civitai":
            let civitai = try Self.civitai()
            (model, environment, script) = (nil, civitai.environment, .civitai(civitai))
        case "sandbox": (model, environment, script) = (nil, [], .sandbox)
        default:
            guard let served = RouterScript.Served(rawValue: name) else { preconditionFailure("no provider \(name)") }
            let stand = try RouterStand(served)
            (model, environment, script) = (RouterScript.model, stand.environment, .router(stand))
        }
        options = EdgeOptions(
            manifest: TestManifest.bundled([("functions.generate.job.perDay", 0)]),
            environment: environment
        )
    }

    private static func runware() throws -> RunwareScript {
        try RunwareScript { _, prompt in
            switch prompt {
            case "moderated": .refused("contentPolicyViolation")
            case "no credit": .refused("insufficientCredits", status: 402)
            case "bad key": .refused("invalidApiKey", status: 401)
            case "no model": .refused("modelNotFound", status: 404)
            default: .normal
            }
        }
    }

    private static func civitai() throws -> CivitaiScript {
        try CivitaiScript { _, prompt in
            switch prompt {
            case "moderated": CivitaiPlay(.finished, fate: .blocked("moderation"))
            case "no credit": .refused(CivitaiScript.text(403, "You have not enough Buzz"))
            case "bad key": .refused(CivitaiScript.problem(401, "Unauthorized"))
            case "no model":
                .refused(CivitaiScript.problem(400, "Bad", errors: ["steps[0].input.model": ["does not exist"]]))
            default: .finished
            }
        }
    }

    private static func openai() throws -> OpenAIScript {
        try OpenAIScript { _, request in
            switch OpenAIScript.prompt(of: request) {
            case "moderated": .error(400, code: "moderation_blocked", message: "Your request was rejected.")
            case "no credit": .error(429, code: "insufficient_quota", message: "You exceeded your current quota.")
            case "bad key": .error(401, code: "invalid_api_key", message: "Incorrect API key provided.")
            case "no model": .error(404, code: "model_not_found", message: "The model does not exist.")
            default: .image
            }
        }
    }
}

/// One provider behind Hugging Face's router, which refuses some prompts.
@LoopActor
private struct RouterStand {
    let served: RouterScript.Served
    let usual: RouterScript
    let refusing: [(prompt: String, script: RouterScript)]
    let front: ScriptedUpstream

    init(_ served: RouterScript.Served) throws {
        let usual = try RouterScript(served)
        let refusing = try [
            ("moderated", 400, "NSFW content detected"), ("no credit", 402, "no credit left"),
            ("bad key", 401, "Invalid credentials"), ("no model", 404, "no such model"),
        ].map { (prompt: $0.0, script: try RouterScript(served, fault: .refusal($0.1, $0.2))) }
        front = try ScriptedUpstream { request in
            (refusing.first { request.text.contains($0.prompt) }?.script ?? usual).answer(request)
        }
        (self.served, self.usual, self.refusing) = (served, usual, refusing)
    }

    var environment: [(name: String, value: String)] {
        [
            ("HUGGINGFACE_API_KEY", HuggingFaceScript.key), ("HUGGINGFACE_BASE_URL", front.url),
            ("HUGGINGFACE_HUB_URL", front.url),
        ]
    }

    var refused: Int { refusing.reduce(0) { $0 + $1.script.makes.count } }

    var calls: ProviderStand.Calls {
        let mappings = front.requests.count { $0.path.hasPrefix("/api/models/") }
        let calls = ProviderStand.Calls(
            makes: usual.makes.count,
            looks: usual.looks.count,
            fetches: usual.fetches.count,
            mappings: mappings
        )
        #expect(front.calls == calls.makes + refused + calls.looks + mappings, "there are no other calls")
        return calls
    }

    /// The script's very first look finds the work unfinished; fal.ai has one address for how it stands and another for what came
    /// of it. Who does not queue answers with the picture. The Hub is asked once.
    func calls(forImages count: Int) -> ProviderStand.Calls {
        switch served {
        case .hfInference, .nscale, .together: ProviderStand.Calls(makes: count, mappings: 1)
        case .falAI: ProviderStand.Calls(makes: count, looks: 1 + 2 * count, fetches: count, mappings: 1)
        case .replicate, .wavespeed, .zaiOrg, .novita:
            ProviderStand.Calls(makes: count, looks: 1 + count, fetches: count, mappings: 1)
        }
    }
}
