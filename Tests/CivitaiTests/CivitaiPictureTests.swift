// Pictures that requests begin with.
import EdgeLoop
import JSON
import Providers
import TestSupport
import Testing

@testable import Civitai

struct CivitaiPictureTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `a picture goes along as a data URI, the same on each try`() async throws {
        let folder = TemporaryFolder()
        folder.write(bytes: TestPicture.png("a boat"), to: "boat.png")
        var request = ImageRequest(prompt: "a kite")
        request.image = ImageInput(sha256: "0", path: "\(folder.path)/boat.png")
        request.strength = 0.4
        let driver = try Driver(CivitaiScript([.lostAfter]))

        _ = try await driver.image(request)

        let inputs = driver.script.sent.compactMap { $0["steps"]?.array?.first?["input"] }
        #expect(inputs.count == 2 && inputs[0] == inputs[1])
        #expect(inputs[0]["sourceImage"]?.string?.hasPrefix("data:image/png;base64,iVBOR") == true)
        #expect(inputs[0]["sourceImageDenoiseStrenght"] == 0.4)
    }

    @Test @LoopActor func `a picture that is gone is told, and nothing sent`() async throws {
        var request = ImageRequest(prompt: "a kite")
        request.image = ImageInput(sha256: "0", path: "/nowhere/at/all.png")
        let driver = try Driver(CivitaiScript())

        #expect(try await driver.error(request).kind == .refused)
        #expect(driver.script.calls == 0)
    }
}
