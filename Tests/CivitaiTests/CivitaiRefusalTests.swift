import CivilTime
import EdgeLoop
import JSON
import Providers
import TestSupport
import Testing
import Upstream

@testable import Civitai

struct CivitaiRefusalTests {
    init() { TestLoop.start() }

    private let request = ImageRequest(prompt: "a kite")

    private static let answers: [(answer: ScriptedAnswer, kind: ProviderError.Kind, advice: String)] = [
        (CivitaiScript.problem(401, "Unauthorized"), .credentials, "CIVITAI_API_KEY"),
        (.status(402), .payment, "get more on https://civitai.com, at Buzz"),
        (
            CivitaiScript.problem(400, "Bad Request", errors: ["steps[0].input.width": ["must be lower"]]), .refused,
            "does not take width"
        ),
        (
            CivitaiScript.problem(400, "Bad", errors: ["$.Steps[0].Input.CfgScale": ["out of range"]]), .refused,
            "does not take guidance_scale"
        ),
        (CivitaiScript.problem(400, "Bad", errors: ["messages": ["a step is missing"]]), .refused, "a step is missing"),
        (
            CivitaiScript.problem(400, "Bad", errors: ["steps[0].input.additionalNetworks": ["not for sd1"]]), .refused,
            "LoRA"
        ),
        (
            CivitaiScript.problem(400, "Bad", detail: "The resource is not enabled for generation"), .notFound,
            "choose another"
        ),
        (
            CivitaiScript.problem(400, "Bad", errors: ["steps[0].input.model": ["unknown"]]), .notFound,
            CivitaiScript.model
        ),
        (CivitaiScript.text(400, "This prompt requires mature content"), .moderated, "change it"),
        (CivitaiScript.text(400, "Upgrade needs more yellow Buzz"), .payment, "at Buzz"),
        (CivitaiScript.page(400), .refused, "check its parameters"),
        (CivitaiScript.problem(404, "Not Found"), .settings, "CIVITAI_BASE_URL"),
        (CivitaiScript.page(405), .settings, "CIVITAI_BASE_URL"),
        (.status(413), .refused, "smaller picture"),
        (CivitaiScript.problem(429, "Too Many Requests"), .rateLimited(after: nil), "wait"),
        (
            CivitaiScript.problem(429, "Too Many Requests", headers: [("Retry-After", "12")]),
            .rateLimited(after: .seconds(12)), "wait"
        ),
    ]

    @Test("A refusal is final for its attempt, says what to do, and has cost nothing", arguments: 0..<answers.count)
    @LoopActor func refusals(number: Int) async throws {
        let (answer, kind, advice) = Self.answers[number]
        let driver = try Driver(CivitaiScript([.refused(answer)]))

        let error = try await driver.error(request)

        #expect(error.kind == kind, "\(error)")
        #expect(error.message.contains(advice), "\(error)")
        #expect(!error.mayBePaid && !error.message.contains("<"), "\(error)")
        #expect(error.requestID == Driver.attemptID)
        #expect(driver.script.calls == 1)
    }

    /// What a 403 says, what a trial says of the account, and what is made of both.
    private static let verdicts: [(text: String, lacks: JSONValue?, kind: ProviderError.Kind, advice: String)] = [
        ("You have not enough Buzz", true, .payment, "costs 8: get more on https://civitai.com, at Buzz"),
        ("Forbidden", true, .payment, "get more on https://civitai.com, at Buzz"),
        ("Forbidden", 5, .payment, "at Buzz"),
        ("Forbidden", 0, .permission, "AIServicesWrite"), ("Forbidden", false, .permission, "AIServicesWrite"),
        ("You have not enough funds", false, .payment, "spending cap"),
        ("Mature content is not allowed", false, .moderated, "change it"),
        ("You have not enough funds", nil, .payment, "at Buzz"), ("Forbidden", nil, .permission, "membership"),
    ]

    @Test(
        "The two meanings of 403 are told apart by a trial, which takes no id and runs nothing",
        arguments: 0..<verdicts.count
    )
    @LoopActor func forbidden(number: Int) async throws {
        let (text, lacks, kind, advice) = Self.verdicts[number]
        let script = try CivitaiScript([.refused(CivitaiScript.text(403, text))])
        script.lacksBuzz = lacks
        let driver = try Driver(script)

        let error = try await driver.error(request)

        #expect(error.kind == kind, "\(error)")
        #expect(error.message.contains(advice) && error.message.contains(text), "\(error)")
        #expect(!error.mayBePaid)
        #expect(script.trials.count == 1 && script.trials.first?["externalId"] == nil)
        #expect(script.trials.first?["steps"] == script.sent.first?["steps"])
        #expect(script.paidInAll == 0)
    }

    @Test @LoopActor func `where the trial fails too, the text decides`() async throws {
        for (text, kind) in [("not enough Buzz", ProviderError.Kind.payment), ("no", .permission)] {
            let driver = try Driver(CivitaiScript())
            let front = try ScriptedUpstream { _ in CivitaiScript.text(403, text) }
            let there = try Driver(driver.script, baseURL: front.url)

            #expect(try await there.error(request).kind == kind)
            #expect(front.calls == 2)
        }
    }

    @Test("Failures of the server are tried again", arguments: [500, 502, 503, 504, 408, 409])
    @LoopActor func failures(status: Int) async throws {
        let driver = try Driver(
            CivitaiScript([.refused(CivitaiScript.page(status)), .refused(CivitaiScript.page(status))])
        )

        let image = try await driver.image(request)

        #expect(image.bytes == CivitaiScript.picture("a kite"))
        #expect(Set(driver.script.sent.map { $0["externalId"]?.string }) == [Driver.attemptID])
        #expect(driver.pauses.prefix(2) == [1, 2])
    }

    @Test @LoopActor func `a key that comes back in an error is not repeated`() async throws {
        let script = try CivitaiScript([.refused(CivitaiScript.text(400, "bad key \(CivitaiScript.key)"))])

        let error = try await Driver(script).error(request)

        #expect(error.message.contains("[hidden]") && !error.message.contains(CivitaiScript.key))
    }

    @Test(
        "Shapes of errors",
        arguments: [
            (#""not enough buzz""#, "not enough buzz", []), (#"{"title":"Bad","status":400}"#, "Bad", []),
            (#"{"title":"Bad","detail":"why"}"#, "why", []),
            (#"{"title":"Bad","errors":{"a.b":["x","y"]}}"#, "x; y", ["a.b"]),
            (#"{"errors":{"messages":["x"]}}"#, "x", []), (#"{"errors":["x"]}"#, "x", []),
            (#"{"error":"Unauthorized"}"#, "Unauthorized", []), ("<!DOCTYPE html><p>no", "", []),
            ("plain", "plain", []),
            ("{", "", []), ("", "", []), ("7", "", []),
        ] as [(String, String, [String])]
    )
    func shapes(body: String, message: String, paths: [String]) {
        let fault = CivitaiFault(Array(body.utf8))

        #expect(fault.message == message)
        #expect(fault.paths == paths)
    }

    // MARK: The check

    @Test @LoopActor func `the key is proved with the account, at the site and nowhere else`() async throws {
        let driver = try Driver(CivitaiScript())

        #expect(try await driver.provider.check() == "the key works; account ada, tier free")
        #expect(driver.script.checks == 1 && driver.script.calls == 1)
    }

    @Test @LoopActor func `what an account may not do is said in words`() async throws {
        let script = try CivitaiScript()
        let driver = try Driver(script)
        script.account = ["id": 1, "username": "ada", "tier": "gold", "status": "muted"]

        #expect(try await driver.provider.check().contains("account ada is muted"))

        script.account = ["id": 1, "username": "ada", "tier": "gold", "status": "banned"]
        let error = await #expect(throws: ProviderError.self) { try await driver.provider.check() }
        #expect(error?.kind == .permission && error?.message.contains("banned") == true)
    }

    @Test(
        "A key that is not proved",
        arguments: [
            (401, #"{"error":"Unauthorized"}"#, ProviderError.Kind.credentials), (403, "<!DOCTYPE html>", .permission),
            (429, "", .rateLimited(after: nil)), (503, "<!DOCTYPE html>", .unavailable(after: nil)),
            (200, "<!DOCTYPE html>", .settings), (200, "{}", .settings), (404, "", .settings),
        ]
    )
    @LoopActor func unproved(status: Int, body: String, kind: ProviderError.Kind) async throws {
        let site = try ScriptedUpstream(always: .status(status, body: Array(body.utf8)))
        let driver = try Driver(CivitaiScript(), siteURL: site.url)

        let error = await #expect(throws: ProviderError.self) { try await driver.provider.check() }

        #expect(error?.kind == kind, "\(String(describing: error))")
    }

    @Test @LoopActor func `a redirect to another host does not get the key`() async throws {
        let other = try ScriptedUpstream(always: .json(200, #"{"id":1,"username":"eve"}"#))
        let site = try ScriptedUpstream(always: .status(302, headers: [("Location", "\(other.url)/api/v1/me")]))
        let driver = try Driver(CivitaiScript(), siteURL: site.url)

        let error = await #expect(throws: ProviderError.self) { try await driver.provider.check() }

        #expect(error?.kind == .settings && error?.message.contains("CIVITAI_SITE_URL") == true)
        #expect(other.calls == 0)
    }
}
