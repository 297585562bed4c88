import EdgeLoop
import JSON
import Providers
import TestSupport
import Testing
import Upstream

@testable import HFInference

struct UpstreamTransportTests {
    init() { TestLoop.start() }

    private let mapping =
        #"{"id":"a/b","inferenceProviderMapping":{"together":{"status":"live","providerId":"t/x","task":"text-to-image"}}}"#

    @LoopActor private func provider(
        _ server: ScriptedUpstream,
        form: HFSettings.Form,
        imageBytesMax: Int = 1 << 20
    ) throws -> HFInference {
        let settings = try HFSettings(
            baseURL: server.url,
            hubURL: server.url,
            form: form,
            token: try HFToken("hf_abcdefgh"),
            imageBytesMax: imageBytesMax
        )
        return HFInference(settings: settings, transport: UpstreamTransport(Upstream()))
    }

    @LoopActor private func refusal(
        _ provider: HFInference,
        timeout: Duration = .seconds(60)
    ) async throws -> ProviderError {
        var attempt = Samples.attempt
        attempt.timeout = timeout
        return try #require(
            await #expect(throws: ProviderError.self) {
                try await provider.answer(ImageRequest(prompt: "x"), attempt: attempt)
            }
        )
    }

    @Test @LoopActor func `an image comes through the router`() async throws {
        let server = try ScriptedUpstream([
            .json(200, mapping), .json(200, #"{"data":[{"b64_json":"\#(Samples.jpegBase64)"}]}"#),
        ])

        let answer = try await provider(server, form: .router)
            .answer(ImageRequest(prompt: "a kite", model: "a/b", seed: 7), attempt: Samples.attempt)

        guard case .image(let image) = answer else { return #expect(Bool(false), "no image") }
        #expect(image.bytes == Samples.jpeg)
        #expect(image.facts["routed"] == "together")
        let calls = server.requests
        #expect(
            calls.map(\.target) == [
                "/api/models/a/b?expand[]=inferenceProviderMapping", "/together/v1/images/generations",
            ]
        )
        #expect(calls[1].header("authorization") == "Bearer hf_abcdefgh")
        #expect(calls[1].text == #"{"model":"t/x","prompt":"a kite","seed":7,"response_format":"base64"}"#)
    }

    @Test @LoopActor func `a sleeping model is an error that says how long`() async throws {
        let server = try ScriptedUpstream([
            .json(503, #"{"error":"Model a/b is currently loading","estimated_time":20.0}"#)
        ])

        let error = try await refusal(try provider(server, form: .models))

        #expect(error.kind == .loading(estimate: .seconds(20)))
        #expect(server.requests.count == 1)
    }

    @Test(
        "An image that is cut on the way is never taken",
        arguments: [ScriptedAnswer.close, .reset, .bytes(Samples.jpeg, type: "image/jpeg").truncated(to: 90)]
    )
    @LoopActor func cut(answer: ScriptedAnswer) async throws {
        let server = try ScriptedUpstream([answer])

        let error = try await refusal(try provider(server, form: .models))

        #expect(error.kind == .network)
        #expect(server.calls == 1)
    }

    @Test(
        "What was never sent is a failure that is not paid, what was sent may be",
        arguments: DeadServer.Absence.allCases,
        [HFSettings.Form.models, .router]
    )
    @LoopActor func neverSent(absence: DeadServer.Absence, form: HFSettings.Form) async throws {
        let hub = try ScriptedUpstream([.json(200, mapping)])
        let dead = try DeadServer(absence)
        let resetting = try ScriptedUpstream([.reset])
        let settings = try HFSettings(
            baseURL: dead.url,
            hubURL: hub.url,
            form: form,
            token: try HFToken("hf_abcdefgh")
        )

        let error = try await refusal(HFInference(settings: settings, transport: UpstreamTransport(Upstream())))
        let reset = try await refusal(try provider(resetting, form: .models))

        #expect(error.kind == .network)
        #expect(!error.mayBePaid)
        #expect(reset.mayBePaid)
        #expect(resetting.calls == 1)
        #expect(hub.calls == (form == .router ? 1 : 0))
    }

    @Test @LoopActor func `silence before the head of an answer ends sooner where the call says so`() async throws {
        let server = try ScriptedUpstream([.silence])
        let call = ProviderCall(
            method: "POST",
            url: server.url,
            answerBytesMax: 10,
            timeout: .seconds(600),
            headTimeout: .seconds(2)
        )

        let error = await #expect(throws: TransportError.self) { try await UpstreamTransport(Upstream()).send(call) }

        #expect(error == .timeout)
        #expect(error?.mayHaveBeenSent == true)
        #expect(server.calls == 1)
    }

    @Test @LoopActor func `an answer above the limit is not read to its end`() async throws {
        let server = try ScriptedUpstream([.bytes([UInt8](repeating: 7, count: 1 << 20), type: "image/png")])

        let error = try await refusal(try provider(server, form: .models, imageBytesMax: 1000))

        #expect(error.kind == .tooLarge)
        #expect(server.calls == 1)
    }

    @Test @LoopActor func `silence ends with the attempt's time`() async throws {
        let server = try ScriptedUpstream([.silence])

        let error = try await refusal(try provider(server, form: .models), timeout: .seconds(2))

        #expect(error.kind == .network)
        #expect(error.message.contains("no answer came within"))
        #expect(server.calls <= 1)
    }

    @Test @LoopActor func `a redirect to elsewhere is a matter of settings and takes no token there`() async throws {
        let other = try ScriptedUpstream(always: .status(200))
        let server = try ScriptedUpstream([.status(307, headers: [("Location", other.url + "/x")])])

        let error = try await refusal(try provider(server, form: .models))

        #expect(error.kind == .settings)
        #expect(other.requests.isEmpty)
        #expect(server.calls == 1)
    }
}
