import EdgeLoop
import JSON
import PNG
import Providers
import TestSupport
import Testing
import Upstream

@testable import OpenAIImages

/// Over the network, against a scripted server. What a settled answer means is in the other suites.
struct OpenAIImagesTests: OpenAISuite {
    init() { TestLoop.start() }

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
