import CivilTime
import EdgeLoop
import JSON
import Providers
import Synchronization
import TestSupport
import Testing
import Upstream

@testable import HFInference

/// Each routed provider over loopback, as its part of the fact sheet plays it.
struct HFRoutedTests {
    init() { TestLoop.start() }

    private static let queueing: [RouterScript.Served] = [.falAI, .replicate, .wavespeed, .zaiOrg]
    private static let images: [RouterScript.Served] = [.hfInference, .nscale, .together] + queueing
    private static let videos: [RouterScript.Served] = [.falAI, .novita, .replicate, .together, .wavespeed]

    @LoopActor private func provider(
        _ script: RouterScript,
        now: @escaping @Sendable () -> Timestamp = { Timestamp(milliseconds: 0) }
    ) throws -> HFInference {
        let settings = try HFSettings(
            baseURL: script.router.url,
            hubURL: script.router.url,
            token: try HFToken("hf_abcdefgh")
        )
        return HFInference(settings: settings, transport: UpstreamTransport(Upstream()), now: now)
    }

    @LoopActor private func request(
        _ script: RouterScript,
        _ change: (inout ImageRequest) -> Void = { _ in }
    ) -> ImageRequest {
        var request = ImageRequest(prompt: "a kite", model: RouterScript.model)
        request.kind = script.isVideo ? .video : .image
        change(&request)
        return request
    }

    /// Asks as the host does: again with what was to be kept, without waiting. Gives the result and how often it was asked.
    @LoopActor private func make(
        _ script: RouterScript,
        _ request: ImageRequest? = nil,
        looksMax: Int = 20
    ) async throws -> ImageResult {
        let provider = try provider(script)
        var attempt = Samples.attempt
        for _ in 0..<looksMax {
            switch try await provider.answer(request ?? self.request(script), attempt: attempt) {
            case .image(let image): return image
            case .later(let after, let state):
                #expect(after >= .seconds(1) && after.components.attoseconds == 0)
                #expect(state.text().utf8.count < 1024 && !state.text().contains("hf_"))
                attempt.state = state
            }
        }
        throw ProviderError(provider: "test", kind: .canceled, message: "it did not end")
    }

    @LoopActor private func refusal(_ script: RouterScript) async throws -> ProviderError {
        try #require(await #expect(throws: ProviderError.self) { try await make(script) })
    }

    @LoopActor private func checkTokens(_ script: RouterScript) {
        #expect(script.fetches.allSatisfy { $0.header("authorization") == nil })
        #expect(
            (script.makes + script.looks + script.cancels).allSatisfy {
                $0.header("authorization") == "Bearer hf_abcdefgh"
            }
        )
    }

    @Test("An image comes from every provider", arguments: images)
    @LoopActor func makesImages(served: RouterScript.Served) async throws {
        let script = try RouterScript(served)

        let image = try await make(script)

        #expect(image.bytes == RouterScript.picture)
        #expect(image.info.type == .png)
        #expect(image.facts["routed"] == .string(served.rawValue))
        #expect(image.seed == (served == .falAI ? 99 : nil))
        #expect(script.begun == 1)
        // fal.ai is looked at twice, and then asked for the result.
        #expect(script.looks.count == (Self.queueing.contains(served) ? (served == .falAI ? 3 : 2) : 0))
        #expect(script.fetches.count == (Self.queueing.contains(served) ? 1 : 0))
        checkTokens(script)
    }

    @Test("A video comes from every provider that makes them", arguments: videos)
    @LoopActor func makesVideos(served: RouterScript.Served) async throws {
        let script = try RouterScript(served, task: "text-to-video")

        let video = try await make(script)

        #expect(video.bytes == RouterScript.video)
        #expect(video.facts["type"] == "video/mp4")
        #expect(script.begun == 1)
        checkTokens(script)
    }

    @Test("A picture is the beginning of another", arguments: [RouterScript.Served.hfInference, .falAI, .replicate])
    @LoopActor func takesPictures(served: RouterScript.Served) async throws {
        let folder = TemporaryFolder()
        folder.write(bytes: RouterScript.picture, to: "in.png")
        let script = try RouterScript(served, task: "image-to-image")
        let input = ImageInput(sha256: String(repeating: "0", count: 64), path: "\(folder.path)/in.png")

        let image = try await make(script, request(script) { $0.image = input })

        #expect(image.bytes == RouterScript.picture)
        #expect(script.makes.first?.text.contains(TestPicture.base64(RouterScript.picture)) == true)
    }

    @Test(
        "An error of any shape is told in words",
        arguments: images,
        [(400, "bad seed"), (422, "bad seed"), (429, "slow down"), (500, "oh no")]
    )
    @LoopActor func tellsErrors(served: RouterScript.Served, error: (status: Int, text: String)) async throws {
        let script = try RouterScript(served, fault: .refusal(error.status, error.text))

        let refusal = try await refusal(script)

        #expect(refusal.message.contains("It says: \(error.text)"), "\(refusal.message)")
        #expect(refusal.status == error.status)
        #expect(refusal.mayBePaid == (error.status == 500))
        #expect(script.begun == 0 && script.makes.count == 1)
    }

    @Test(
        "A reset may have been paid, and is not sent again",
        arguments: images,
        [RouterScript.Fault.resetBefore, .resetAfter, .truncated]
    )
    @LoopActor func resets(served: RouterScript.Served, fault: RouterScript.Fault) async throws {
        let script = try RouterScript(served, fault: fault)

        let error = try await refusal(script)

        #expect(error.kind == .network)
        #expect(error.mayBePaid)
        #expect(script.makes.count == 1)
    }

    @Test("Looks and fetches that fail once cost nothing again", arguments: queueing)
    @LoopActor func shakes(served: RouterScript.Served) async throws {
        let script = try RouterScript(served, fault: .shaky)

        let image = try await make(script)

        #expect(image.bytes == RouterScript.picture)
        #expect(script.begun == 1)
        #expect(script.fetches.count == 2)
    }

    @Test("Silence ends with the attempt's time, and may have been paid", arguments: images)
    @LoopActor func silence(served: RouterScript.Served) async throws {
        let script = try RouterScript(served, fault: .silent)
        let provider = try provider(script)
        var attempt = Samples.attempt
        attempt.timeout = .seconds(2)

        let error = await #expect(throws: ProviderError.self) {
            try await provider.answer(request(script), attempt: attempt)
        }

        #expect(error?.kind == .network)
        #expect(error?.message.contains("no answer came within") == true)
        #expect(error?.mayBePaid == true)
    }

    @Test("A look that is refused waits as long as it is told", arguments: queueing)
    @LoopActor func limitedLooks(served: RouterScript.Served) async throws {
        let script = try RouterScript(served, fault: .limited(42))
        let provider = try provider(script)
        var attempt = Samples.attempt
        var waits: [Duration] = []

        while case .later(let after, let state) = try await provider.answer(request(script), attempt: attempt) {
            waits.append(after)
            attempt.state = state
        }

        #expect(waits.contains(.seconds(42)))
        #expect(script.begun == 1)
    }

    @Test("A result of another type is a failure", arguments: images)
    @LoopActor func wrongType(served: RouterScript.Served) async throws {
        let error = try await refusal(try RouterScript(served, fault: .wrongType))

        #expect(error.kind == .badAnswer)
        #expect(error.mayBePaid)
        #expect(error.message.contains("a video and not an image"))
    }

    @Test("An address that has expired is a failure", arguments: queueing)
    @LoopActor func expired(served: RouterScript.Served) async throws {
        let script = try RouterScript(served, fault: .expired)

        let error = try await refusal(script)

        #expect(error.kind == .badAnswer)
        #expect(error.message.contains("expired"))
        #expect(error.mayBePaid && script.fetches.count == 1)
    }

    @Test("A result whose address was told at once is fetched again, and not made again")
    @LoopActor func fetchesAgain() async throws {
        let script = try RouterScript(.novita, task: "text-to-video", fault: .shaky)

        let video = try await make(script)

        #expect(video.bytes == RouterScript.video)
        #expect(script.begun == 1 && script.makes.count == 1)
        #expect(script.fetches.count == 2)
        checkTokens(script)
    }

    @Test("A job that fails says why", arguments: [RouterScript.Served.replicate, .wavespeed, .zaiOrg])
    @LoopActor func fails(served: RouterScript.Served) async throws {
        let error = try await refusal(try RouterScript(served, fault: .fails("it broke, hf_abcdefgh")))

        #expect(error.kind == .unavailable(after: nil))
        #expect(error.message.contains("It says: it broke, [hidden]"))
        #expect(error.mayBePaid)
    }

    @Test func `a job of fal that fails is an error of its result`() async throws {
        let error = try await refusal(try await RouterScript(.falAI, fault: .fails("it broke")))

        #expect(error.kind == .refused)
        #expect(error.message.contains("It says: it broke"))
        #expect(error.mayBePaid)
    }

    @Test("What is unsafe is never tried elsewhere", arguments: [RouterScript.Served.falAI, .replicate])
    @LoopActor func unsafe(served: RouterScript.Served) async throws {
        let script = try RouterScript(served, fault: .unsafe)

        #expect(try await refusal(script).kind == .moderated)
        #expect(script.fetches.isEmpty)
    }

    @Test("A job that never ends is given up, and canceled where that can be", arguments: queueing)
    @LoopActor func neverEnds(served: RouterScript.Served) async throws {
        let script = try RouterScript(served, fault: .never)
        let clock = Mutex(Timestamp(milliseconds: 0))
        let provider = try provider(script) { clock.withLock { $0 } }
        var attempt = Samples.attempt

        var looks = 0
        let error = await #expect(throws: ProviderError.self) {
            while looks < 1000,
                case .later(let after, let state) = try await provider.answer(request(script), attempt: attempt)
            {
                clock.withLock { $0 = $0 + after }
                attempt.state = state
                looks += 1
            }
        }

        #expect(error?.kind == .unavailable(after: nil))
        #expect(error?.message.contains("did not finish") == true)
        #expect(error?.mayBePaid == true)
        #expect(looks <= 80)
        #expect(script.cancels.map(\.target) == Self.cancelTargets(served))
        #expect(script.begun == 1)
    }

    private static func cancelTargets(_ served: RouterScript.Served) -> [String] {
        switch served {
        case .falAI: ["/fal-ai/fal-ai/their/requests/1f/cancel?_subdomain=queue"]
        case .replicate: ["/replicate/v1/predictions/p1/cancel"]
        default: []
        }
    }

    @Test("Cancel reaches who can be told", arguments: queueing)
    @LoopActor func cancels(served: RouterScript.Served) async throws {
        let script = try RouterScript(served, fault: .never)
        let provider = try provider(script)
        let answer = try await provider.answer(request(script), attempt: Samples.attempt)
        guard case .later(_, let state) = answer else { return #expect(Bool(false), "it did not queue") }

        await provider.cancel(state: state)

        #expect(script.cancels.map(\.target) == Self.cancelTargets(served))
        checkTokens(script)
    }

    @Test(
        "An answer that leads elsewhere is refused",
        arguments: queueing,
        ["https://evil.example/a/../../x", "not a path", "https://evil.example", "/a//b"]
    )
    @LoopActor func leadsElsewhere(served: RouterScript.Served, address: String) async throws {
        let script = try RouterScript(served, fault: .leads(address))

        let error = try await refusal(script)

        #expect(error.kind == .badAnswer)
        #expect(script.looks.isEmpty && script.fetches.isEmpty)
    }

    @Test @LoopActor func `the worked example of the sheet is asked path by path`() async throws {
        let script = try RouterScript(.falAI, providerID: "fal-ai/flux/schnell", looksNeeded: 0)

        _ = try await make(script)

        #expect(script.makes.map(\.target) == ["/fal-ai/fal-ai/flux/schnell?_subdomain=queue"])
        #expect(
            script.looks.map(\.target) == [
                "/fal-ai/fal-ai/their/requests/1f/status?_subdomain=queue",
                "/fal-ai/fal-ai/their/requests/1f?_subdomain=queue",
            ]
        )
    }

    @Test @LoopActor func `a task that was kept is looked at by another process`() async throws {
        let script = try RouterScript(.replicate, looksNeeded: 0)
        guard case .later(_, let state) = try await provider(script).answer(request(script), attempt: Samples.attempt)
        else { return #expect(Bool(false), "it did not queue") }
        var attempt = Samples.attempt
        attempt.state = state

        let answer = try await provider(script).answer(request(script), attempt: attempt)

        guard case .image = answer else { return #expect(Bool(false), "no image") }
        #expect(script.begun == 1)
    }

    @Test @LoopActor func `what a lenient request lost is in the result, also after a wait`() async throws {
        let script = try RouterScript(.zaiOrg)

        let image = try await make(
            script,
            request(script) {
                $0.seed = 7
                $0.negativePrompt = "blurry"
                $0.isLenient = true
            }
        )

        #expect(image.facts["dropped"] == ["negative_prompt", "seed"])
    }

    @Test("A lenient request is done without its picture where nobody takes one", arguments: Self.images)
    @LoopActor func leavesOutPictures(served: RouterScript.Served) async throws {
        let folder = TemporaryFolder()
        folder.write(bytes: RouterScript.picture, to: "in.png")
        let input = ImageInput(sha256: String(repeating: "0", count: 64), path: "\(folder.path)/in.png")
        let script = try RouterScript(served)

        let image = try await make(
            script,
            request(script) {
                $0.image = input
                $0.strength = 0.5
                $0.isLenient = true
            }
        )

        #expect(image.facts["dropped"] == ["image", "strength"])
        #expect(script.makes.count == 1)
        #expect(script.makes.first?.text.contains(TestPicture.base64(RouterScript.picture)) == false)
    }

    @Test @LoopActor func `what can do all goes before what cannot`() async throws {
        let transport = ScriptedTransport([.success(.mapping("nscale", "together")), .success(.image)])
        let provider = HFInference(
            settings: try HFSettings(baseURL: "http://b", hubURL: "http://h", token: try HFToken("hf_abcdefgh")),
            transport: transport
        )

        _ = try await provider.answer(ImageRequest(prompt: "x", seed: 7), attempt: Samples.attempt)

        #expect(transport.calls.last?.url == "http://b/together/v1/images/generations")
    }

    @Test @LoopActor func `a video needs a model, and one that makes videos`() async throws {
        let script = try RouterScript(.replicate)
        var request = ImageRequest(prompt: "x")
        request.kind = .video
        let provider = try provider(script)

        let nameless = await #expect(throws: ProviderError.self) {
            try await provider.answer(request, attempt: Samples.attempt)
        }
        request.model = RouterScript.model
        let wrong = await #expect(throws: ProviderError.self) {
            try await provider.answer(request, attempt: Samples.attempt)
        }

        #expect(nameless?.kind == .refused)
        #expect(wrong?.kind == .notFound)
        #expect(wrong?.message.contains("is not served for text-to-video but for text-to-image") == true)
    }
}
