import CivilTime
import EdgeLoop
import JSON
import Providers
import TestSupport
import Testing
import Upstream

@testable import Runware

struct RunwareTests {
    init() { TestLoop.start() }

    private let request = ImageRequest(prompt: "a kite")

    @Test @LoopActor func `a task is begun, asked about, and its image fetched without the key`() async throws {
        let driver = try Driver(RunwareScript([.normal.polls(2)]))

        let image = try await driver.image(request)

        #expect(image.bytes == RunwareScript.picture("a kite"))
        #expect(
            image.facts == [
                "provider": "runware", "type": "image/png", "model": "runware:100@1", "seed": 2_817_364_501,
                "cost": 3100, "width": 8, "height": 8, "taskUUID": .string(Driver.taskUUID),
                "resultUUID": .string(String(Driver.taskUUID.reversed())),
            ]
        )
        #expect(driver.script.taken == [Driver.taskUUID])
        #expect(driver.script.sent.count == 1)
        #expect(driver.script.questions == 3)
        #expect(driver.script.fetches == 1)
        #expect(driver.pauses == [1, 1, 2])
        #expect(driver.phases == ["working", "working", "working"])
        #expect(driver.reports == ["0.5 50 percent", "1.0 100 percent"])
    }

    @Test @LoopActor func `a sync call brings the image at once`() async throws {
        let driver = try Driver(RunwareScript(), delivery: .sync)

        let image = try await driver.image(request)

        #expect(image.bytes == RunwareScript.picture("a kite"))
        #expect(driver.pauses.isEmpty)
        #expect(driver.script.sent.first?["deliveryMethod"] == "sync")
        #expect(driver.script.calls == 2)
    }

    @Test @LoopActor func `an image inside the answer needs no fetch`() async throws {
        let driver = try Driver(RunwareScript(), output: .base64)

        let image = try await driver.image(request)

        #expect(image.bytes == RunwareScript.picture("a kite"))
        #expect(driver.script.fetches == 0)
    }

    @Test @LoopActor func `an acknowledgement may be empty`() async throws {
        let driver = try Driver(RunwareScript([.taken(.json(200, #"{"data":[]}"#))]))

        _ = try await driver.image(request)

        #expect(driver.script.sent.count == 1)
    }

    @Test @LoopActor func `a video comes as mp4`() async throws {
        let driver = try Driver(RunwareScript([.normal.polls(1)]))
        var request = ImageRequest(prompt: "a kite in the wind", model: "klingai:5@3")
        request.kind = .video

        let video = try await driver.image(request)

        #expect(video.info.type == .mp4)
        #expect(video.bytes == RunwareScript.video("a kite in the wind"))
        #expect(driver.script.sent.first?["taskType"] == "videoInference")
    }

    @Test @LoopActor func `a video without a model is refused`() async throws {
        var request = request
        request.kind = .video

        let error = try await Driver(RunwareScript()).error(request)

        #expect(error.kind == .refused)
    }

    @Test @LoopActor func `what a check found unsafe is not given out, and its price is told`() async throws {
        var request = request
        request.checksSafety = true
        let driver = try Driver(RunwareScript([.unsafe]))

        let error = try await driver.error(request)

        #expect(error.kind == .moderated)
        #expect(error.mayBePaid)
        #expect(error.message.contains("it cost 0.003100 USD"))
        #expect(driver.script.fetches == 0)
    }

    @Test @LoopActor func `errors of another task in the same answer change nothing`() async throws {
        let image = try await Driver(RunwareScript([.mixed]), delivery: .sync).image(request)

        #expect(image.bytes == RunwareScript.picture("a kite"))
    }

    @Test(
        "A task that fails says so in two ways",
        arguments: [
            ("inferenceError", ProviderError.Kind.unavailable(after: nil)), ("promptBlocked", .moderated),
            ("insufficientCredits", .payment), ("invalidWidth", .refused), ("modelNotReady", .loading(estimate: nil)),
            ("inferenceRateLimitExceeded", .rateLimited(after: nil)), ("internalServerError", .unavailable(after: nil)),
        ],
        [true, false]
    )
    @LoopActor func fails(failure: (code: String, kind: ProviderError.Kind), inside: Bool) async throws {
        let driver = try Driver(RunwareScript([.fails(failure.code, inside: inside)]))

        let error = try await driver.error(request)

        #expect(error.kind == failure.kind)
        #expect(error.requestID == Driver.taskUUID)
        #expect(driver.script.sent.count == 1)
    }

    @Test(
        "A refusal is final for its attempt, and nothing is asked after it",
        arguments: [
            ("invalidWidth", 400, ProviderError.Kind.refused), ("invalidWidth", 200, .refused),
            ("insufficientCredits", 402, .payment), ("forbidden", 403, .permission), ("modelNotFound", 404, .notFound),
            ("rateLimitExceeded", 429, .rateLimited(after: nil)), ("contentPolicyViolation", 400, .moderated),
            ("modelNotReady", 503, .loading(estimate: nil)), ("noAvailableServer", 503, .loading(estimate: nil)),
            ("timeoutProvider", 200, .unavailable(after: nil)), ("failedIpAdapterLoad", 400, .refused),
        ]
    )
    @LoopActor func refusals(code: String, status: Int, kind: ProviderError.Kind) async throws {
        let driver = try Driver(RunwareScript([.refused(code, status: status)]))

        let error = try await driver.error(request)

        #expect(error.kind == kind)
        #expect(error.status == status)
        #expect(driver.script.calls == 1)
    }

    @Test @LoopActor func `without a key nobody is asked`() async throws {
        let script = try RunwareScript()
        let provider = Runware(
            settings: try RunwareSettings(baseURL: script.upstream.url),
            transport: UpstreamTransport(Upstream())
        )

        let error = await #expect(throws: ProviderError.self) {
            try await provider.answer(request, attempt: ProviderAttempt(pause: { (_) throws(CancellationError) in }))
        }

        #expect(error?.kind == .credentials)
        #expect(provider.readiness != .ready)
        #expect(script.calls == 0)
    }
}
