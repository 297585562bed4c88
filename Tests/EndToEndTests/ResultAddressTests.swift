// Where a provider says that its result is: never in the host's own network, unless the settings list it.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct ResultAddressTests {
    init() { TestLoop.start() }

    private static let inner = [
        "http://127.0.0.1:9/x.png", "http://[::1]:9/x.png", "http://localhost:9/x.png",
        "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/x.png", "http://[fe80::1]/x.png",
        "http://[::ffff:127.0.0.1]:9/x.png", "http://0.0.0.0:9/x.png", "http://2130706433:9/x.png",
    ]

    @Test("A result that leads inside is refused when it is fetched", arguments: inner)
    @LoopActor func refuses(address: String) async throws {
        let body = Array(#"{"created":1,"data":[{"url":"\#(address)"}]}"#.utf8)
        let openai = try OpenAIScript(then: .body(body, type: "application/json"))
        var options = EdgeOptions(environment: openai.environment)
        options.settings = TestSettings.bundled
        try await withEdge(options) { host in
            let answer = try await host.generate(["prompt": "a fox"])

            expectProblem(answer, answer.status, naming: ["address"], address)
            #expect(answer.status >= 400)
            #expect(openai.fetches.isEmpty)
            #expect(openai.calls == 1, "what may have been paid is not made again for an address that stays what it is")
        }
    }

    @Test("The network of results is what the settings list", arguments: [true, false])
    @LoopActor func allows(isListed: Bool) async throws {
        let runware = try RunwareScript()
        let openai = try OpenAIScript(then: .url)
        var options = EdgeOptions(environment: runware.environment + openai.environment)
        options.settings = TestSettings.bundled([("results.allow", isListed ? ["127.0.0.0/8"] : ["192.0.2.0/24"])])
        try await withEdge(options) { host in
            for provider in ["runware", "openai"] {
                let done = try await host.ended(["prompt": "a fox", "provider": .string(provider)])

                #expect(done["state"]?.string == (isListed ? "succeeded" : "failed"), "\(done.text())")
                if !isListed {
                    #expect(done["error"]?["message"]?.string?.contains("address") == true, "\(done.text())")
                    #expect(done.attempts.first?["perhapsPaid"] != nil || provider == "runware", "\(done.text())")
                }
            }
            #expect(runware.fetches + openai.fetches.count == (isListed ? 2 : 0))
        }
    }

    @Test @LoopActor func `a redirect of a result into the host's network is not followed`() async throws {
        let secret = try ScriptedUpstream(always: .bytes(TestPicture.png("inside"), type: "image/png"))
        let target = "http://[::1]:\(secret.port)/"
        let openai = try OpenAIScript(
            then: .url,
            fetches: Array(repeating: .status(302, headers: [("Location", target)]), count: 20)
        )
        var options = EdgeOptions(environment: openai.environment)
        options.settings = TestSettings.bundled([("results.allow", ["127.0.0.1"])])
        try await withEdge(options) { host in
            let answer = try await host.generate(["prompt": "a fox"])

            #expect(answer.status >= 400)
            #expect(secret.calls == 0)
        }
    }
}
