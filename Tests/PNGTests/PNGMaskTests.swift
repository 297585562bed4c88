import Testing

@testable import PNG

struct PNGMaskTests {
    private let mask = PNGMask(width: 3, height: 2, brightness: [0, 128, 255, 255, 64, 0])

    @Test func `white becomes transparent, and what is transparent counts as black`() throws {
        let turned = try PNGMask(reading: mask.transparentWhereWhite())

        #expect(turned.width == 3 && turned.height == 2)
        #expect(turned.brightness == [0, 0, 0, 0, 0, 0], "black everywhere, only its alpha differs")
    }

    @Test func `a grey mask is read as it was written`() throws {
        #expect(try PNGMask(reading: mask.whiteOnBlack()) == mask)
    }

    /// Made by Python's zlib and struct: 2 by 2, filters 0 and 4 (Paeth), RGB: red, white / black, blue.
    @Test func `colours are as bright as they look`() throws {
        let file = PNGSamples.rgb

        #expect(try PNGMask(reading: file).brightness == [76, 255, 0, 29])
    }

    @Test func `one bit a pixel, and a palette with transparency, are read`() throws {
        #expect(try PNGMask(reading: PNGSamples.oneBit).brightness == [255, 0, 255, 0, 255, 0, 255, 0, 255])
        #expect(try PNGMask(reading: PNGSamples.palette).brightness == [0, 255, 0, 255])
    }

    @Test(
        "What cannot be read is refused",
        arguments: [
            ([], PNGMaskError.notPNG), ([0xFF, 0xD8, 0xFF], .notPNG), (Array(PNGSamples.rgb.prefix(50)), .damaged),
            (PNGSamples.interlaced, .interlaced), (PNGSamples.wide, .tooLarge),
        ]
    )
    func refuses(file: [UInt8], error: PNGMaskError) {
        #expect(throws: error) { try PNGMask(reading: file) }
    }
}
