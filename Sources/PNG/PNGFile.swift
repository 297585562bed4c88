// The chunks that every PNG file consists of.
internal import CZlib

enum PNGFile {
    static let mark: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// How pixels are stored, by the format's own numbers.
    enum Colour: UInt8 {
        case grey = 0
        case rgb = 2
        case palette = 3
        case greyAlpha = 4
        case rgbAlpha = 6

        /// Values of one pixel.
        var samples: Int {
            switch self {
            case .grey, .palette: 1
            case .greyAlpha: 2
            case .rgb: 3
            case .rgbAlpha: 4
            }
        }
    }

    /// A file of 8 bits a sample, not interlaced.
    static func bytes(width: Int, height: Int, colour: Colour, packed: [UInt8]) -> [UInt8] {
        var file = mark
        file.reserveCapacity(packed.count + 64)
        append(
            "IHDR",
            bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [8, colour.rawValue, 0, 0, 0],
            to: &file
        )
        append("IDAT", packed, to: &file)
        append("IEND", [], to: &file)
        return file
    }

    private static func append(_ name: String, _ data: [UInt8], to file: inout [UInt8]) {
        file += bigEndian(UInt32(data.count))
        let start = file.count
        file += name.utf8
        file += data
        let sum = file[start...].withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) }
        file += bigEndian(UInt32(truncatingIfNeeded: sum))
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] {
        [UInt8(number >> 24), UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
    }
}
