import EdgeLoop
import Glibc
import JSON
import Providers
import TestSupport
import Testing

@testable import Runware

/// Pictures that a request brings.
struct RunwarePictureTests {
    init() { TestLoop.start() }

    private let request = ImageRequest(prompt: "a kite")

    @Test("Pictures go along as data URIs, and under inputs where a model wants them there", arguments: [true, false])
    @LoopActor func inputs(
        remembersRefused: Bool
    )
        async throws
    {
        let folder = TemporaryFolder()
        let path = folder.path + "/in"
        try #require(Self.write(RunwareScript.picture("in"), to: path))
        var request = request
        request.image = ImageInput(sha256: "", path: path)
        let unsupported = RunwarePlay.refused("unsupportedParameter", more: #""parameter":"seedImage""#)
        let driver = try Driver(RunwareScript([unsupported], remembersRefused: remembersRefused))

        _ = try await driver.image(request)

        let uri = "data:image/png;base64," + Base64.encode(RunwareScript.picture("in"))
        #expect(driver.script.sent.map { $0["seedImage"]?.string } == [uri, nil])
        #expect(driver.script.sent.last?["inputs"] == ["seedImage": .string(uri)])
        #expect(driver.script.paidInAll == 1)
    }

    private static func write(_ bytes: [UInt8], to path: String) -> Bool {
        guard let file = fopen(path, "w") else { return false }
        defer { fclose(file) }
        return fwrite(bytes, 1, bytes.count, file) == bytes.count
    }

    @Test(
        "A picture that is none, or too large, is refused before anybody is asked",
        arguments: [
            ("a page", "it is no PNG, JPEG or WebP"), ("nothing", "it is no PNG, JPEG or WebP"),
            ("a video", "it is no PNG, JPEG or WebP"), ("too much", "it has more than 10 MiB"),
        ]
    )
    @LoopActor func wrongPicture(what: String, reason: String) async throws {
        let bytes: [UInt8] =
            switch what {
            case "a page": Array("<html>".utf8)
            case "a video": RunwareScript.video("x")
            case "too much": Array(repeating: 0x89, count: ImageInput.bytesMax + 1)
            default: []
            }
        let folder = TemporaryFolder()
        try #require(Self.write(bytes, to: folder.path + "/in"))
        var request = request
        request.image = ImageInput(sha256: "", path: folder.path + "/in")
        let driver = try Driver(RunwareScript())

        let error = try await driver.error(request)

        #expect(error.kind == .refused)
        #expect(error.message == "the picture cannot be read: \(reason); send it again")
        #expect(driver.script.calls == 0)
    }

    @Test @LoopActor func `a picture that cannot be read is refused without its path`() async throws {
        var request = request
        request.image = ImageInput(sha256: "", path: "/nowhere/at/all")
        let driver = try Driver(RunwareScript())

        let error = try await driver.error(request)

        #expect(error.kind == .refused)
        #expect(!error.message.contains("nowhere"))
        #expect(driver.script.calls == 0)
    }
}
