import EdgeLoop
import JSON
import Providers
import Synchronization
import TestSupport
import Testing

@testable import OpenAIImages

/// Unfinished pictures, and servers that know no streams.
struct OpenAIStreamTests: OpenAISuite {
    init() { TestLoop.start() }

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
}
