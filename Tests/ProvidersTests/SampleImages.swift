// The smallest bytes that have the structure of each type.

enum SampleImages {
    static let png: [UInt8] =
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        + chunk("IHDR", [0, 0, 2, 0, 0, 0, 1, 0x80, 8, 2, 0, 0, 0]) + chunk("IDAT", [1, 2, 3]) + chunk("IEND", [])

    static let jpeg: [UInt8] =
        [0xFF, 0xD8, 0xFF, 0xE0, 0, 6, 0xFF, 0xD9, 0xFF, 0xD9]  // a segment with what looks like ends
        + [0xFF, 0xC0, 0, 11, 8, 0x01, 0x80, 0x02, 0x00, 1, 1, 0x11, 0]
        + [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0x3F, 0, 0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD0, 0x56]
        + [0xFF, 0xC4, 0, 4, 0xFF, 0xD9]  // a table between two scans
        + [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0x3F, 0, 0x78, 0xFF, 0xD9]

    static let webpLossy: [UInt8] = riff("VP8 ", [0, 0, 0, 0x9D, 0x01, 0x2A, 0x00, 0x02, 0x80, 0x01])
    // 14 bits of width less one, 14 bits of height less one
    static let webpLossless: [UInt8] = riff("VP8L", [0x2F, 0xFF, 0xC1, 0x5F, 0x00, 0, 0, 0, 0, 0])
    static let webpExtended: [UInt8] = riff("VP8X", [0, 0, 0, 0, 0xFF, 0x01, 0x00, 0x7F, 0x01, 0x00])

    static let gif: [UInt8] =
        [UInt8]("GIF89a".utf8) + [0x00, 0x02, 0x80, 0x01, 0x80, 0, 0] + [0, 0, 0, 255, 255, 255]
        + [0x21, 0xF9, 4, 0x3B, 0, 0, 0, 0]
        + [0x2C, 0, 0, 0, 0, 0x00, 0x02, 0x80, 0x01, 0, 2, 2, 0x3B, 0x3B, 0] + [0x3B]

    static let mp4: [UInt8] =
        [0, 0, 0, 16] + [UInt8]("ftypisom".utf8) + [0, 0, 0, 0] + [0, 0, 0, 8] + [UInt8]("moov".utf8)
        + [0, 0, 0, 10] + [UInt8]("mdat".utf8) + [1, 2]

    static let bmp: [UInt8] = [UInt8]("BM".utf8) + [16, 0, 0, 0] + [UInt8](repeating: 0, count: 10)
    static let tiff: [UInt8] = [0x49, 0x49, 0x2A, 0, 8, 0, 0, 0, 0, 0]

    static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        [0, 0, 0, UInt8(data.count)] + [UInt8](name.utf8) + data + [0, 0, 0, 0]
    }

    static func riff(_ name: String, _ data: [UInt8]) -> [UInt8] {
        [UInt8]("RIFF".utf8) + [UInt8(12 + data.count), 0, 0, 0] + [UInt8]("WEBP\(name)".utf8)
            + [UInt8(data.count), 0, 0, 0] + data
    }
}
