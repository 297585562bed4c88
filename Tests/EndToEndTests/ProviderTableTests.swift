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
            // At once: a provider that queues takes its time over each.
            let clients = Self.requests.map { request in
                var fields = request.fields
                fields["model"] = stand.model.map { .string($0) }
                let body = JSONValue.object(fields)
                return Task { @LoopActor in try await host.generate(body) }
            }
            var row = ""
            for (number, request) in Self.requests.enumerated() {
                let answer = try await clients[number].value
                row += answer.status == 200 ? "I" : answer.status == 400 ? "r" : "?"
                check(answer, request.kind, name, number)
            }
            print("provider table: \(row) \(name)")
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
        }
    }
}

/// One provider alone, and what a host needs to come to it.
@LoopActor
private struct ProviderStand {
    let model: String?
    let options: EdgeOptions
    /// Kept alive.
    private let scripts: [AnyObject]

    func body(_ prompt: String) -> JSONObject {
        var body: JSONObject = ["prompt": .string(prompt)]
        body["model"] = model.map { .string($0) }
        return body
    }

    init(_ name: String) throws {
        var environment: [(name: String, value: String)] = []
        switch name {
        case "runware":
            let script = try RunwareScript { _, prompt in
                switch prompt {
                case "moderated": .refused("contentPolicyViolation")
                case "no credit": .refused("insufficientCredits", status: 402)
                case "bad key": .refused("invalidApiKey", status: 401)
                case "no model": .refused("modelNotFound", status: 404)
                default: .normal
                }
            }
            (model, environment, scripts) = (nil, script.environment, [script])
        case "openai":
            let script = try OpenAIScript { _, request in
                switch OpenAIScript.prompt(of: request) {
                case "moderated": .error(400, code: "moderation_blocked", message: "Your request was rejected.")
                case "no credit": .error(429, code: "insufficient_quota", message: "You exceeded your current quota.")
                case "bad key": .error(401, code: "invalid_api_key", message: "Incorrect API key provided.")
                case "no model": .error(404, code: "model_not_found", message: "The model does not exist.")
                default: .image
                }
            }
            (model, environment, scripts) = ("gpt-image-1-mini", script.environment, [script])
        case "civitai":
            let script = try CivitaiScript { _, prompt in
                switch prompt {
                case "moderated": .blocked("moderation")
                case "no credit": .refused(CivitaiScript.text(403, "You have not enough Buzz"))
                case "bad key": .refused(CivitaiScript.problem(401, "Unauthorized"))
                case "no model":
                    .refused(CivitaiScript.problem(400, "Bad", errors: ["steps[0].input.model": ["does not exist"]]))
                default: .finished
                }
            }
            (model, environment, scripts) = (nil, script.environment, [script])
        case "sandbox": (model, scripts) = (nil, [])
        default:
            guard let served = RouterScript.Served(rawValue: name) else { preconditionFailure("no provider \(name)") }
            let usual = try RouterScript(served)
            let refusing = try [
                ("moderated", 400, "NSFW content detected"), ("no credit", 402, "no credit left"),
                ("bad key", 401, "Invalid credentials"), ("no model", 404, "no such model"),
            ].map { ($0.0, try RouterScript(served, fault: .refusal($0.1, $0.2))) }
            let front = try ScriptedUpstream { request in
                (refusing.first { request.text.contains($0.0) }?.1 ?? usual).answer(request)
            }
            model = RouterScript.model
            environment = [
                ("HUGGINGFACE_API_KEY", HuggingFaceScript.key), ("HUGGINGFACE_BASE_URL", front.url),
                ("HUGGINGFACE_HUB_URL", front.url),
            ]
            scripts = [usual, front] + refusing.map(\.1)
        }
        options = EdgeOptions(
            manifest: TestManifest.bundled([("functions.generate.job.perDay", 0)]),
            environment: environment
        )
    }
}
