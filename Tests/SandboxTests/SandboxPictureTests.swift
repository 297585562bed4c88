import Providers
import Testing

@testable import Sandbox

struct SandboxPictureTests {
    private let request = ImageRequest(prompt: "a lighthouse", width: 128, height: 96, seed: 7)

    @Test func `equal requests give equal bytes`() {
        #expect(SandboxPicture.png(of: request) == SandboxPicture.png(of: request))
    }

    @Test func `every parameter changes the picture`() {
        var others = Array(repeating: request, count: 8)
        others[0].prompt = "a lighthouse "
        others[1].seed = 8
        others[2].seed = nil
        others[3].negativePrompt = "fog"
        others[4].steps = 4
        others[5].guidanceScale = 7.5
        others[6].model = "a/b"
        others[7].scheduler = "Euler"

        let pictures = Set(([request] + others).map(SandboxPicture.png(of:)))

        #expect(pictures.count == 9)
    }

    @Test func `neighbouring fields are kept apart`() {
        let one = ImageRequest(prompt: "ab", negativePrompt: "c", width: 64, height: 64)
        let other = ImageRequest(prompt: "a", negativePrompt: "bc", width: 64, height: 64)

        #expect(SandboxPicture.seed(of: one) != SandboxPicture.seed(of: other))
    }

    @Test("It has the size asked for", arguments: [(64, 64), (2048, 64), (64, 2048), (72, 200), (640, 384)])
    func hasSize(width: Int, height: Int) throws {
        for seed: UInt32 in 0..<4 {
            let request = ImageRequest(
                prompt: "a very long word: \(String(repeating: "x", count: 300))",
                width: width,
                height: height,
                seed: seed
            )

            let info = try ImageInfo(reading: SandboxPicture.png(of: request))

            #expect(info.type == .png)
            #expect(info.width == width)
            #expect(info.height == height)
        }
    }

    @Test func `the same picture is drawn on every machine`() {
        let landscape = Landscape(seed: 5, width: 64, height: 48)
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325

        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { row in
            row.initialize(repeating: 0)
            for y in 0..<48 {
                landscape.paint(row: y, into: row)
                for pixel in row { hash = (hash ^ UInt64(pixel)) &* 0x100_0000_01B3 }
            }
        }

        // Whoever changes the drawing changes these numbers, and what apps have for equal requests.
        #expect(SandboxPicture.seed(of: ImageRequest(prompt: "a lighthouse")) == 14_227_349_251_534_137_311)
        #expect(hash == 2_815_494_993_891_336_576)
    }

    @Test(
        "Prompts are wrapped and shortened",
        arguments: [
            ("a red kite", 20, 3, ["a red kite"]),
            ("a red kite", 5, 3, ["a red", "kite"]),
            ("a red kite over dunes", 6, 2, ["a red", "kit..."]),
            ("lighthouse", 4, 2, ["ligh", "t..."]),
            ("lighthouse", 4, 3, ["ligh", "thou", "se"]),
            (" a\n\tb ", 9, 1, ["a b"]),
            ("", 9, 2, []),
        ]
    )
    func wraps(prompt: String, columns: Int, lines: Int, wrapped: [String]) {
        #expect(Caption.wrap(prompt, columns: columns, lines: lines) == wrapped)
    }

    @Test func `accents are folded, and what the font lacks is a box`() {
        #expect(Array(BitmapFont.columns(of: "é")) == Array(BitmapFont.columns(of: "e")))
        #expect(Array(BitmapFont.columns(of: "灯")) == [0x7F, 0x41, 0x41, 0x41, 0x7F])
        #expect(Array(BitmapFont.columns(of: "~")).count == 5)
    }
}
