import CivilTime
import EdgeLoop
import JSON
import PNG
import Providers
import Synchronization
import TestSupport
import Testing
import Upstream

@testable import OpenAIImages

/// Over the network, against a scripted server. What a settled answer means is in the other suites.
struct OpenAIImagesTests {
    init() { TestLoop.start() }

    static let attempt = ProviderAttempt(pause: { (_) throws(CancellationError) in })

    @LoopActor private func provider(
        _ script: OpenAIScript,
        key: String? = OpenAIScript.key,
        imageBytesMax: Int = 1 << 20,
        refusals: StreamRefusals = StreamRefusals()
    ) throws -> OpenAIImages {
        var settings = try OpenAISettings(environment: [
            "OPENAI_BASE_URL": script.baseURL + "/", "OPENAI_API_KEY": key ?? "",
        ])
        settings.imageBytesMax = imageBytesMax
        return OpenAIImages(settings: settings, transport: UpstreamTransport(Upstream()), refusals: refusals)
    }

    @LoopActor private func image(
        _ provider: OpenAIImages,
        _ request: ImageRequest = ImageRequest(prompt: "a kite"),
        state: JSONValue? = nil
    ) async throws -> ImageResult {
        var attempt = Self.attempt
        attempt.state = state
        guard case .image(let image) = try await provider.answer(request, attempt: attempt) else {
            throw Failure(text: "no image yet")
        }
        return image
    }

    @LoopActor private func refusal(
        _ provider: OpenAIImages,
        _ request: ImageRequest = ImageRequest(prompt: "a kite"),
        timeout: Duration = .seconds(60)
    ) async throws -> ProviderError {
        var attempt = Self.attempt
        attempt.timeout = timeout
        return try #require(
            await #expect(throws: ProviderError.self) { try await provider.answer(request, attempt: attempt) }
        )
    }

    struct Failure: Error { let text: String }

    private final class Shown: Sendable {
        let pictures = Mutex<[PartialImage]>([])
        func add(_ picture: PartialImage) { pictures.withLock { $0.append(picture) } }
    }

    /// What a call showed before it ended, and its end.
    @LoopActor
    private func shown(
        _ script: OpenAIScript,
        model: String = "gpt-image-1-mini",
        wanted: Int = 2,
        _ refusals: StreamRefusals = StreamRefusals()
    ) async throws -> (partials: [PartialImage], image: ImageResult?, error: ProviderError?) {
        let shown = Shown()
        var attempt = Self.attempt
        attempt.partialImages = wanted
        attempt.show = { shown.add($0) }
        let provider = try provider(script, refusals: refusals)
        do throws(ProviderError) {
            let answer = try await provider.answer(ImageRequest(prompt: "a kite", model: model), attempt: attempt)
            guard case .image(let image) = answer else { return (shown.pictures.withLock { $0 }, nil, nil) }
            return (shown.pictures.withLock { $0 }, image, nil)
        } catch {
            return (shown.pictures.withLock { $0 }, nil, error)
        }
    }

    @Test @LoopActor func `a stream shows unfinished pictures and ends with the finished one`() async throws {
        let script = try OpenAIScript(then: .stream(partials: 2))

        let (partials, image, _) = try await shown(script)

        #expect(partials.map(\.index) == [0, 1])
        #expect(partials.map(\.content.bytes) == [0, 1].map { OpenAIScript.partial($0, of: "a kite") })
        #expect(partials.first?.facts == ["quality": "medium", "background": "opaque", "width": 8, "height": 8])
        #expect(image?.bytes == OpenAIScript.picture("a kite"))
        #expect(image?.details["usage"]?["total_tokens"] == 1066)
        #expect(script.images.first?.header("accept")?.contains("text/event-stream") == true)
        #expect(script.calls == 1)
    }

    @Test(
        "No stream is asked for where nobody looks, and of models that have none",
        arguments: [("gpt-image-1-mini", 0), ("dall-e-3", 2)]
    )
    @LoopActor func asksForNoStream(model: String, wanted: Int) async throws {
        let script = try OpenAIScript(then: .stream(partials: 2))

        let (partials, image, _) = try await shown(script, model: model, wanted: wanted)

        #expect(partials.isEmpty && image != nil)
        #expect(OpenAIScript.asked(try #require(script.images.first)) == nil)
        #expect(script.calls == 1)
    }

    @Test @LoopActor func `a server that refuses the stream is asked without, once, and another refusal is the answer`()
        async throws
    {
        let refusal = OpenAIScript.Reply.error(400, code: "invalid_value", message: "no", param: "partial_images")
        let first = try OpenAIScript([refusal])
        let second = try OpenAIScript(then: refusal)
        let other = try OpenAIScript(then: .error(400, code: "invalid_value", message: "no", param: "size"))

        #expect(try await shown(first).image != nil)
        #expect(try await shown(second).error?.kind == .refused)
        #expect(try await shown(other).error?.kind == .refused)
        #expect([first.calls, second.calls, other.calls] == [2, 2, 1])
    }

    @Test(
        "An error in a stream says what it is, and may have been paid",
        arguments: [
            ("moderation_blocked", "image_generation_user_error", ProviderError.Kind.moderated),
            ("boom", "server_error", .unavailable(after: nil)),
            // A wait would use no attempt, and each might be paid.
            ("rate_limit_exceeded", "requests", .unavailable(after: nil)),
            ("slow_down", "rate_limit_error", .unavailable(after: nil)),
            ("insufficient_quota", "insufficient_quota", .payment),
            ("invalid_value", "invalid_request_error", .refused),
        ]
    )
    @LoopActor func failsInStream(code: String, type: String, kind: ProviderError.Kind) async throws {
        let script = try OpenAIScript(then: .brokenStream(code: code, type: type))

        let (partials, _, error) = try await shown(script)

        #expect(partials.count == 1)
        #expect(error?.kind == kind, "\(error?.message ?? "")")
        #expect(error?.mayBePaid == true)
        #expect(script.calls == 1)
    }

    @Test @LoopActor func `an error in a stream is no wait, whatever the stream's head says of limits`() async throws {
        for type in ["requests", "server_error"] {
            let data = #"{"type":"error","error":{"type":"\#(type)","code":"x","message":"it broke"}}"#
            let headers = [
                ("Content-Type", "text/event-stream"), ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", "12s"),
            ]
            let wire = ScriptedAnswer.status(200, headers: headers, body: Array("data: \(data)\n\n".utf8))
            let script = try OpenAIScript(then: .wire(wire))

            let error = try await shown(script).error

            #expect(error?.answer.status == 502 && error?.answer.retryAfter == nil, "\(type)")
            #expect(error?.mayBePaid == true)
        }
    }

    @Test @LoopActor func `a server that refuses streams is asked for one once in the life of a process`() async throws
    {
        let script = try OpenAIScript { _, request in
            guard OpenAIScript.asked(request) != nil, OpenAIScript.model(of: request) != "streams" else {
                return .image
            }
            return .error(400, code: "unknown_parameter", message: "no", param: "stream")
        }
        let refusals = StreamRefusals()
        for (model, wanted) in [("new", 2), ("new", 2), ("new", 0), ("other", 2), ("streams", 2), ("new", 1)] {
            let image = try await shown(script, model: model, wanted: wanted, refusals).image
            #expect(image != nil)
        }
        let asked = script.images.map { OpenAIScript.asked($0) }

        #expect(asked == [2, nil, nil, nil, 2, nil, 2, nil])
    }

    @Test @LoopActor func `a complaint of a stream that is no refusal of streams is forgotten`() async throws {
        let complaint = OpenAIScript.Reply.error(400, code: "invalid_value", message: "The stream of bytes is cut.")
        let script = try OpenAIScript([complaint, complaint], then: .stream(partials: 1))
        let refusals = StreamRefusals()

        let first = try await shown(script, refusals)
        let second = try await shown(script, refusals)

        #expect(first.error?.kind == .refused)
        #expect(second.partials.count == 1 && second.image != nil)
    }

    @Test func `no more servers than some are known to refuse streams`() throws {
        let refusals = StreamRefusals()
        let settings = try OpenAISettings()
        let models = try (0...StreamRefusals.countMax).map { try OpenAIModel("model-\($0)") }

        for model in models { refusals.add(settings, model, isEdit: false) }

        #expect(!refusals.has(settings, models[0], isEdit: false))
        #expect(models.dropFirst().allSatisfy { refusals.has(settings, $0, isEdit: false) })
        #expect(!refusals.has(settings, models[1], isEdit: true))
    }

    @Test @LoopActor func `an event without a type that has the picture is the finished one`() async throws {
        let script = try OpenAIScript(
            then: .body(
                Array("data: \(OpenAIScript.body("a kite"))\n\ndata: [DONE]\n\n".utf8),
                type: "text/event-stream"
            )
        )

        let (partials, image, error) = try await shown(script)

        #expect(partials.isEmpty && error == nil)
        #expect(image?.bytes == OpenAIScript.picture("a kite"))
        #expect(image?.details["usage"]?["total_tokens"] == 1066)
    }

    @Test @LoopActor func `a stream that breaks, or ends without a picture, is no image`() async throws {
        let broken = try OpenAIScript(then: .brokenStream(code: nil))
        let ended = try OpenAIScript(then: .body(Array("data: {}\n\ndata: [DONE]\n\n".utf8), type: "text/event-stream"))

        #expect(try await shown(broken).error?.kind == .network)
        #expect(try await shown(ended).error?.kind == .badAnswer)
        #expect(broken.calls == 1 && ended.calls == 1)
    }

    @Test @LoopActor func `an image comes in base64, with what it used`() async throws {
        let script = try OpenAIScript()

        let image = try await image(provider(script), ImageRequest(prompt: "a kite", model: "gpt-image-1.5"))

        #expect(image.bytes == OpenAIScript.picture("a kite"))
        #expect(image.facts["model"] == "gpt-image-1.5")
        #expect(image.facts["usage"]?["output_tokens"] == 1056)
        #expect(image.facts["requestId"] == "req_scripted")
        #expect(script.calls == 1)
        #expect(script.images[0].header("authorization") == "Bearer \(OpenAIScript.key)")
        #expect(
            script.images[0].text == #"{"model":"gpt-image-1.5","prompt":"a kite","n":1,"output_format":"png"}"#
        )
    }

    @Test @LoopActor func `a picture behind an address is fetched without the key`() async throws {
        let script = try OpenAIScript([.url])

        let image = try await image(provider(script))

        #expect(image.bytes == OpenAIScript.picture("a kite"))
        #expect(script.calls == 1)
        #expect(script.fetches.count == 1)
        #expect(script.fetches[0].header("authorization") == nil)
    }

    @Test @LoopActor func `a picture that is made is fetched again and not asked for again`() async throws {
        let script = try OpenAIScript([.url], fetches: [.status(503), .status(429)])
        let provider = try provider(script)
        var state: JSONValue?
        var pauses: [Duration] = []
        for _ in 0..<2 {
            var attempt = Self.attempt
            attempt.state = state
            guard
                case .later(let pause, let next) = try await provider.answer(
                    ImageRequest(prompt: "a kite"),
                    attempt: attempt
                )
            else { return #expect(Bool(false), "no later") }
            pauses.append(pause)
            state = next
        }

        let image = try await image(provider, state: state)

        #expect(image.bytes == OpenAIScript.picture("a kite"))
        #expect(pauses == [.seconds(1), .seconds(2)])
        #expect(script.calls == 1 && script.made == 1)
        let kept = try #require(state).text()
        #expect(!kept.contains(OpenAIScript.key))
    }

    @Test @LoopActor func `an address that never answers ends the attempt, which may be paid`() async throws {
        let script = try OpenAIScript([.url], fetches: [.status(500), .status(500), .status(500), .status(500)])
        let provider = try provider(script)
        var attempt = Self.attempt
        for _ in 1..<OpenAIPending.failuresMax {
            guard case .later(_, let next) = try await provider.answer(ImageRequest(prompt: "a kite"), attempt: attempt)
            else { return #expect(Bool(false), "no later") }
            attempt.state = next
        }

        let error = await #expect(throws: ProviderError.self) {
            try await provider.answer(ImageRequest(prompt: "a kite"), attempt: attempt)
        }

        #expect(error?.kind == .badAnswer)
        #expect(error?.mayBePaid == true)
        #expect(script.calls == 1)
    }

    @Test @LoopActor func `an address that has expired says so`() async throws {
        let script = try OpenAIScript([.expiredURL])

        let error = try await refusal(try provider(script))

        #expect(script.fetches.count == 1)
        #expect(error.kind == .badAnswer)
        #expect(error.mayBePaid)
        #expect(error.message.contains("it has expired, try again"))
    }

    @Test @LoopActor func `an address on this machine is refused unless the settings allow it`() async throws {
        let script = try OpenAIScript([.url])
        let settings = try OpenAISettings(baseURL: script.baseURL)
        let guarded = UpstreamTransport(Upstream(), results: Upstream(policy: AddressPolicy(allowsLoopback: false)))
        let provider = OpenAIImages(settings: settings, transport: guarded)

        let error = try await refusal(provider)

        #expect(error.kind == .settings)
        #expect(error.mayBePaid)
        #expect(script.fetches.isEmpty)
    }

    @Test @LoopActor func `an edit sends the picture and a mask by OpenAI's custom`() async throws {
        let folder = TemporaryFolder()
        let picture = TestPicture.png("photo")
        let mask = PNGMask(
            width: 8,
            height: 8,
            brightness: [UInt8](repeating: 255, count: 32) + [UInt8](repeating: 0, count: 32)
        )
        folder.write(bytes: picture, to: "photo")
        folder.write(bytes: mask.whiteOnBlack(), to: "mask")
        let script = try OpenAIScript()
        var request = ImageRequest(prompt: "a hat", model: "gpt-image-2", width: 1024, height: 1024)
        request.image = ImageInput(sha256: "", path: "\(folder.path)/photo")
        request.mask = ImageInput(sha256: "", path: "\(folder.path)/mask")

        let image = try await image(provider(script), request)

        #expect(image.bytes == OpenAIScript.picture("a hat"))
        #expect(script.images.map(\.path) == ["/v1/images/edits"])
        let call = script.images[0]
        #expect(OpenAIScript.part("image", of: call) == picture)
        #expect(OpenAIScript.part("model", of: call) == Array("gpt-image-2".utf8))
        #expect(OpenAIScript.part("size", of: call) == Array("1024x1024".utf8))
        #expect(OpenAIScript.part("n", of: call) == Array("1".utf8))
        #expect(OpenAIScript.part("mask", of: call) == mask.transparentWhereWhite())
        #expect(call.text.contains(#"name="image"; filename="image.png""#))
    }

    @Test @LoopActor func `a picture that is gone, or a mask that is no PNG, is refused before anybody is asked`()
        async throws
    {
        let folder = TemporaryFolder()
        folder.write(bytes: TestPicture.png("photo"), to: "photo")
        folder.write(bytes: [0xFF, 0xD8, 0xFF, 0xE0] + [UInt8](repeating: 0, count: 64), to: "mask")
        let script = try OpenAIScript()
        let provider = try provider(script)
        var gone = ImageRequest(prompt: "x")
        gone.image = ImageInput(sha256: "", path: "\(folder.path)/nothing")
        var jpegMask = ImageRequest(prompt: "x")
        jpegMask.image = ImageInput(sha256: "", path: "\(folder.path)/photo")
        jpegMask.mask = ImageInput(sha256: "", path: "\(folder.path)/mask")
        var loneMask = ImageRequest(prompt: "x")
        loneMask.mask = jpegMask.mask

        #expect(try await refusal(provider, gone).kind == .refused)
        #expect(try await refusal(provider, jpegMask).message.contains("send a PNG, white where"))
        #expect(try await refusal(provider, loneMask).message.contains("send image as well"))
        #expect(script.calls == 0)
    }

    @Test(
        "A connection that breaks is a failure that may be paid",
        arguments: [
            OpenAIScript.Reply.resetBefore, .resetAfter, .cut(0, reset: true), .cut(100, reset: false),
            .wire(.close),
        ]
    )
    @LoopActor func breaks(reply: OpenAIScript.Reply) async throws {
        let script = try OpenAIScript([reply])

        let error = try await refusal(try provider(script))

        #expect(error.kind == .network)
        #expect(error.mayBePaid)
        #expect(script.calls == 1)
    }

    @Test("What was never sent is a failure that is not paid", arguments: DeadServer.Absence.allCases)
    @LoopActor func neverSent(absence: DeadServer.Absence) async throws {
        let dead = try DeadServer(absence)
        let settings = try OpenAISettings(baseURL: dead.url)

        let error = try await refusal(OpenAIImages(settings: settings, transport: UpstreamTransport(Upstream())))

        #expect(error.kind == .network)
        #expect(!error.mayBePaid)
    }

    @Test @LoopActor func `a slow answer is waited for, silence ends with the attempt's time`() async throws {
        let slow = try OpenAIScript([.drip(200, every: .milliseconds(2))])
        let silent = try OpenAIScript([.wire(.silence)])

        let image = try await image(provider(slow))
        let error = try await refusal(try provider(silent), timeout: .seconds(2))

        #expect(image.bytes == OpenAIScript.picture("a kite"))
        #expect(slow.calls == 1 && silent.calls == 1)
        #expect(error.kind == .network)
        #expect(error.mayBePaid)
        #expect(error.message.contains("no answer came within"))
    }

    @Test(
        "What is no image says what it is",
        arguments: [
            (Array(#"{"created":1,"data":[]}"#.utf8), "without an image"),
            (Array(#"{"created":1,"data":[{"b64_json":"!!!!"}]}"#.utf8), "damaged base64"),
            (Array(#"{"created":1,"data":[{"b64_json":"aGVsbG8="}]}"#.utf8), "the body is text and not an image"),
            (Array(#"{"created":1,"data":[{"url":"/files/x.png"}]}"#.utf8), "no whole http or https one"),
            (Array(#"{"created":1,"data":[{"b64"#.utf8), "ends too early"),
            (Array(#"{"error":{"message":"out of images"}}"#.utf8), "It says: out of images"),
            (Array("<html></html>".utf8), "check that OPENAI_BASE_URL is an images API"),
            ([], "the server sent no JSON"),
        ]
    )
    @LoopActor func noImage(body: [UInt8], text: String) async throws {
        let script = try OpenAIScript([.body(body, type: "image/png")])

        let error = try await refusal(try provider(script))

        #expect(script.calls == 1)
        #expect(error.kind == .badAnswer)
        #expect(error.mayBePaid)
        #expect(error.message.contains(text), "\(error.message)")
    }

    @Test @LoopActor func `the picture itself and a data URI are images too`() async throws {
        let picture = TestPicture.png("a kite")
        let uri = #"{"data":[{"url":"data:image/png;base64,\#(OpenAIScript.base64(picture))"}]}"#
        let script = try OpenAIScript([.body(picture, type: "image/png"), .body(Array(uri.utf8), type: "text/plain")])
        let provider = try provider(script)

        #expect(try await image(provider).bytes == picture)
        #expect(try await image(provider).bytes == picture)
        #expect(script.calls == 2)
    }

    @Test @LoopActor func `an answer above the limit is not read to its end`() async throws {
        let script = try OpenAIScript([.body([UInt8](repeating: 32, count: 1 << 20), type: "application/json")])

        let error = try await refusal(try provider(script, imageBytesMax: 1000))

        #expect(script.calls == 1)
        #expect(error.kind == .tooLarge)
    }

    @Test @LoopActor func `the key is proven by the list of models`() async throws {
        let script = try OpenAIScript()
        var settings = try OpenAISettings(baseURL: script.baseURL, key: ProviderKey(OpenAIScript.key, name: "K"))
        settings.defaultModel = try OpenAIModel("flux-schnell")
        let provider = OpenAIImages(settings: settings, transport: UpstreamTransport(Upstream()))

        #expect(try await provider.check() == "the key works; it lists 2 models, flux-schnell among them")
        #expect(script.models == 1)
        #expect(script.calls == 0)
    }

    @Test @LoopActor func `a server without a list of models is not called broken`() async throws {
        let server = try ScriptedUpstream(always: .status(404))
        let settings = try OpenAISettings(baseURL: server.url)

        let text = try await OpenAIImages(settings: settings, transport: UpstreamTransport(Upstream())).check()

        #expect(server.calls == 1)
        #expect(text.contains("lists no models"))
    }

    @Test @LoopActor func `a redirect to elsewhere takes no key there`() async throws {
        let other = try ScriptedUpstream(always: .status(200))
        let script = try OpenAIScript([.wire(.status(307, headers: [("Location", other.url + "/x")]))])

        let error = try await refusal(try provider(script))

        #expect(script.calls == 1)
        #expect(error.kind == .settings)
        #expect(other.requests.isEmpty)
    }
}
