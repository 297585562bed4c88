import Testing

@testable import Providers

struct ImageInfoTests {
    @Test(
        "The type is told by the first bytes",
        arguments: [
            (SampleImages.png, ImageType.png), (SampleImages.jpeg, .jpeg), (SampleImages.webpLossy, .webp),
            (SampleImages.gif, .gif), (SampleImages.tiff, .tiff), ([0x4D, 0x4D, 0, 0x2A], .tiff),
            (SampleImages.bmp, .bmp), (SampleImages.mp4, .mp4),
        ]
    )
    func tellsType(bytes: [UInt8], type: ImageType) { #expect(ImageType(of: bytes) == type) }

    @Test(
        "Other bytes have no type",
        arguments: [
            [], [0x89], [UInt8]("{\"error\":\"x\"}".utf8), [UInt8]("<html>".utf8), [UInt8]("RIFF1234WAVE".utf8),
            [0, 0, 0, 24] + [UInt8]("ftypavif".utf8), [0, 0, 0, 24] + [UInt8]("ftypheic".utf8), [0xFF, 0xD8],
        ]
    )
    func knowsNoType(bytes: [UInt8]) { #expect(ImageType(of: bytes) == nil) }

    @Test(
        "Width and height are read from the header",
        arguments: [
            SampleImages.png, SampleImages.jpeg, SampleImages.webpLossy, SampleImages.webpLossless,
            SampleImages.webpExtended, SampleImages.gif,
        ]
    )
    func readsSize(bytes: [UInt8]) throws {
        let info = try ImageInfo(reading: bytes)

        #expect(info.width == 512)
        #expect(info.height == 384)
    }

    @Test(
        "An image that is cut anywhere is a failure",
        arguments: [
            SampleImages.png, SampleImages.jpeg, SampleImages.webpLossy, SampleImages.webpLossless,
            SampleImages.webpExtended, SampleImages.gif, SampleImages.bmp, SampleImages.mp4,
        ]
    )
    func refusesCut(bytes: [UInt8]) {
        for length in 0..<bytes.count {
            // An MP4 whose last box is gone is whole as far as anybody can tell.
            if bytes == SampleImages.mp4, length == 24 { continue }
            #expect(throws: ImageFault.self, "cut to \(length)") {
                try ImageInfo(reading: [UInt8](bytes.prefix(length)))
            }
        }
    }

    @Test(
        "Bytes after the end of an image do no harm",
        arguments: [SampleImages.png, SampleImages.jpeg, SampleImages.webpLossy, SampleImages.gif]
    )
    func acceptsMore(bytes: [UInt8]) throws { #expect(try ImageInfo(reading: bytes + [0, 0, 10]).width == 512) }

    @Test func `bytes changed anywhere never stop the process`() {
        for sample in [
            SampleImages.png, SampleImages.jpeg, SampleImages.webpLossy, SampleImages.webpLossless,
            SampleImages.webpExtended, SampleImages.gif, SampleImages.mp4, SampleImages.bmp, SampleImages.tiff,
        ] {
            for place in 0..<sample.count {
                for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                    var bytes = sample
                    bytes[place] = value
                    _ = try? ImageInfo(reading: bytes)
                }
            }
        }
    }

    @Test func `a fault says what the body is instead`() {
        #expect(throws: ImageFault.empty) { try ImageInfo(reading: []) }
        #expect(throws: ImageFault.notAnImage("JSON")) { try ImageInfo(reading: [UInt8](" {\"a\":1}".utf8)) }
        #expect(throws: ImageFault.notAnImage("an HTML page")) { try ImageInfo(reading: [UInt8]("<!doctype".utf8)) }
        #expect(throws: ImageFault.notAnImage("text")) { try ImageInfo(reading: [UInt8]("Bad gateway".utf8)) }
        #expect(throws: ImageFault.notAnImage("an unknown format")) { try ImageInfo(reading: [0x00, 0x01, 0x02]) }
    }

    @Test func `an image of no width is damaged`() {
        var bytes = SampleImages.png
        bytes.replaceSubrange(16..<20, with: [0, 0, 0, 0])

        #expect(throws: ImageFault.damaged(.png, "it says that it is 0 pixels wide or high")) {
            try ImageInfo(reading: bytes)
        }
    }
}
