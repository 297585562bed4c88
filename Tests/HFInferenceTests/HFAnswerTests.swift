import CivilTime
import JSON
import Providers
import Testing

@testable import HFInference

struct HFAnswerTests {
    private func read(
        _ reply: ProviderReply,
        _ provider: HFRoutedProvider? = .hfInference,
        bytesMax: Int = 1 << 20
    ) throws -> ImageResult {
        let settings = try HFSettings(token: try HFToken("hf_abcdefgh"), imageBytesMax: bytesMax)
        return try HFAnswer(settings: settings, model: .usual, provider: provider, seed: 7)
            .image(reply, hints: HFHints(reply, now: Timestamp(milliseconds: 0)))
    }

    @Test func `the type is that of the bytes, whatever the label`() throws {
        var reply = ProviderReply.image
        reply.headers.append(ProviderHeader("x-compute-time", "2.980"))

        let image = try read(reply)

        #expect(image.bytes == Samples.jpeg)
        #expect(
            image.facts == [
                "provider": "huggingface", "type": "image/jpeg", "model": "black-forest-labs/FLUX.1-schnell", "seed": 7,
                "width": 512, "height": 384, "routed": "hf-inference", "requestId": "2rwqIX36xQ",
                "computeSeconds": 2.98,
            ]
        )
    }

    @Test("An image inside JSON is taken", arguments: [HFRoutedProvider.hfInference, .nscale, .together])
    func takesJSON(provider: HFRoutedProvider) throws {
        let image = try read(
            .json(["object": "list", "data": [["index": 0, "b64_json": .string(Samples.jpegBase64)]]]),
            provider
        )

        #expect(image.bytes == Samples.jpeg)
    }

    @Test(
        "A body that is no whole image is a failure",
        arguments: [
            (ProviderReply(status: 200), "empty"),
            (ProviderReply(status: 200, body: [UInt8](Samples.jpeg.dropLast())), "cut off"),
            (ProviderReply(status: 200, body: [UInt8]("<html>hello</html>".utf8)), "an HTML page"),
            (ProviderReply(status: 200, body: [UInt8]("ok".utf8)), "text"),
            (ProviderReply.json(["error": "quota of hf_abcdefgh"]), "It says: quota of [hidden]"),
            (ProviderReply.json(["data": []]), "JSON without an image"),
            (ProviderReply.json(["data": [["b64_json": "AA=A"]]]), "damaged base64"),
            (ProviderReply.json(["data": [["b64_json": ""]]]), "empty"),
            (ProviderReply.json(["data": [["b64_json": "/9j/"]]]), "cut off"),
            (ProviderReply(status: 200, body: [UInt8](#"{"data":[{"b64_json":"/9j/"#.utf8)), "ends too early"),
            (ProviderReply(status: 204), "without an image"),
            (ProviderReply(status: 201, body: Samples.jpeg), "without an image"),
            (
                ProviderReply(
                    status: 200,
                    body: [0, 0, 0, 12] + [UInt8]("ftypisom".utf8) + [0, 0, 0, 8] + [UInt8]("moov".utf8)
                ),
                "a video"
            ),
        ]
    )
    func refuses(reply: ProviderReply, says: String) {
        let error = #expect(throws: ProviderError.self) { try read(reply) }

        #expect(error?.kind == .badAnswer)
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
    }

    @Test func `an image above the limit is refused for good`() {
        let error = #expect(throws: ProviderError.self) { try read(.image, bytesMax: 20) }

        #expect(error?.kind == .tooLarge)
    }

    @Test func `Retry-After on a success means nothing`() throws {
        var reply = ProviderReply.image
        reply.headers.append(ProviderHeader("retry-after", "2"))

        #expect(try read(reply).bytes == Samples.jpeg)
    }
}
