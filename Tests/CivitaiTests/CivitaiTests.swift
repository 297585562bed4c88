import EdgeLoop
import JSON
import Providers
import TestSupport
import Testing
import Upstream

@testable import Civitai

struct CivitaiTests {
    init() { TestLoop.start() }

    private let request = ImageRequest(prompt: "a kite")

    @Test @LoopActor func `a workflow is submitted, asked about, and its image fetched without the key`() async throws {
        let driver = try Driver(CivitaiScript([.normal.states(["preparing", "processing"])]))

        let image = try await driver.image(request)

        let seed = ExternalID(attemptID: Driver.attemptID).seed
        #expect(image.bytes == CivitaiScript.picture("a kite"))
        #expect(
            image.facts == [
                "provider": "civitai", "type": "image/png", "model": .string(CivitaiScript.model),
                "seed": .integer(Int64(seed)), "width": 8, "height": 8, "workflow": "wf_1", "buzz": 8,
                "nsfwLevel": "pg",
            ]
        )
        #expect(image.cost == nil, "Buzz is no money")
        #expect(driver.script.taken == [Driver.attemptID])
        #expect(driver.script.sent.first?["steps"]?.array?.first?["input"]?["seed"] == .integer(Int64(seed)))
        #expect(driver.script.questions == 3 && driver.script.fetches == 1)
        #expect(driver.pauses == [2, 5, 10])
        #expect(driver.phases == ["working", "working", "working"])
        #expect(driver.reports == ["0.0 Civitai loads the model, about 25 s", "0.5 50 percent"])
    }

    @Test @LoopActor func `what is finished at once needs no question`() async throws {
        let driver = try Driver(CivitaiScript([.finished]))

        let image = try await driver.image(request)

        #expect(image.bytes == CivitaiScript.picture("a kite"))
        #expect(driver.script.calls == 2 && driver.pauses.isEmpty)
    }

    @Test @LoopActor func `the state names the workflow, and neither key nor address`() async throws {
        let driver = try Driver(CivitaiScript())

        _ = try await driver.image(request)

        #expect(
            driver.state == [
                "externalId": .string(Driver.attemptID), "phase": "working", "since": 1_700_000_000_000,
                "workflow": "wf_1",
            ]
        )
    }

    @Test @LoopActor func `a status that is not known is work, and output may be called blobs`() async throws {
        let driver = try Driver(CivitaiScript([.normal.states(["dreaming", "scheduled"]).underBlobs()]))

        let image = try await driver.image(request)

        #expect(image.bytes == CivitaiScript.picture("a kite"))
        #expect(driver.script.questions == 3)
    }

    @Test @LoopActor func `questions come at the intervals that the documentation names`() async throws {
        let driver = try Driver(CivitaiScript([.normal.states(Array(repeating: "scheduled", count: 6))]))

        _ = try await driver.image(request)

        #expect(driver.pauses == [2, 5, 10, 15, 30, 30, 30])
    }

    @Test @LoopActor func `a workflow that never ends is cancelled and given up`() async throws {
        let driver = try Driver(CivitaiScript([.never]))

        let error = try await driver.error(request)

        #expect(error.kind == .unavailable(after: nil) && error.isOver && error.mayBePaid)
        #expect(error.message.contains("40 minutes") && error.message.contains("cancelled"))
        #expect(driver.script.canceled == ["wf_1"] && driver.script.sent.count == 1)
    }

    @Test @LoopActor func `whoever has gone cancels the workflow`() async throws {
        let driver = try Driver(CivitaiScript([.never]))
        driver.runsMax = 2
        await #expect(throws: Driver.EndlessTask.self) { try await driver.image(request) }

        await driver.provider.cancel(state: try #require(driver.state))

        #expect(driver.script.canceled == ["wf_1"])
    }

    @Test @LoopActor func `a workflow whose answer was lost is found by its tag, and cancelled`() async throws {
        let driver = try Driver(CivitaiScript([CivitaiPlay(.taken(.reset), fate: .never)]))
        driver.runsMax = 1
        await #expect(throws: Driver.EndlessTask.self) { try await driver.image(request) }

        await driver.provider.cancel(state: try #require(driver.state))

        #expect(driver.phases == ["lost"])
        #expect(driver.script.canceled == ["wf_1"])
    }

    @Test(
        "A workflow that ends without an image says why",
        arguments: [
            ("failed", "no_provider_available", ProviderError.Kind.unavailable(after: nil), "choose another model"),
            ("failed", "blocked", .moderated, "change the prompt"),
            ("failed", "timeout", .unavailable(after: nil), "fewer steps"),
            ("failed", "expired", .unavailable(after: nil), "try again"),
            ("failed", "canceled", .refused, "send the request again"),
            ("expired", nil, .unavailable(after: nil), "try again"),
            ("canceled", nil, .refused, "send the request again"),
            ("failed", nil, .unavailable(after: nil), "try again"),
            ("failed", "meteor", .unavailable(after: nil), "(meteor)"),
        ] as [(String, String?, ProviderError.Kind, String)]
    )
    @LoopActor func ends(status: String, reason: String?, kind: ProviderError.Kind, advice: String) async throws {
        let driver = try Driver(CivitaiScript([.ends(status, reason: reason)]))

        let error = try await driver.error(request)

        #expect(error.kind == kind && error.isOver, "\(error)")
        #expect(error.message.contains(advice), "\(error)")
        #expect(!error.mayBePaid, "the Buzz was given back")
        #expect(driver.script.sent.count == 1)
    }

    @Test @LoopActor func `a failure without a reason is tried once more, and no oftener`() async throws {
        let driver = try Driver(CivitaiScript([.ends("failed")]))
        driver.number = 2

        #expect(try await driver.error(request).kind == .refused)
    }

    @Test @LoopActor func `what moderation holds back is told as its verdict, and not fetched`() async throws {
        let driver = try Driver(CivitaiScript([.blocked("NSFW content")]))

        let error = try await driver.error(request)

        #expect(error.kind == .moderated && error.isOver && error.mayBePaid)
        #expect(error.message.contains("NSFW content") && error.message.contains("change the prompt"))
        #expect(driver.script.fetches == 0)
    }

    @Test("What is rated as mature is given only to who may have it", arguments: [true, nil] as [Bool?])
    @LoopActor func mature(checks: Bool?) async throws {
        var request = request
        request.checksSafety = checks
        let driver = try Driver(CivitaiScript([.mature]))

        if checks == true {
            let error = try await driver.error(request)
            #expect(error.kind == .moderated)
            #expect(driver.script.fetches == 0)
            #expect(driver.script.sent.first?["allowMatureContent"] == false)
            #expect(driver.script.upstream.requests.allSatisfy { $0.query == "hideMatureContent=true" })
        } else {
            #expect(try await driver.image(request).details["nsfwLevel"] == "x")
            #expect(driver.script.sent.first?["allowMatureContent"] == nil)
        }
    }

    @Test @LoopActor func `without a key nobody is asked`() async throws {
        let script = try CivitaiScript()
        let provider = Civitai(
            settings: try CivitaiSettings(baseURL: script.upstream.url),
            transport: UpstreamTransport(Upstream())
        )
        let attempt = ProviderAttempt(pause: { (_) throws(CancellationError) in })

        let error = await #expect(throws: ProviderError.self) {
            try await provider.answer(ImageRequest(prompt: "x"), attempt: attempt)
        }

        #expect(error?.kind == .credentials && error?.message.contains("CIVITAI_API_KEY") == true)
        #expect(script.calls == 0)
    }
}
