// A mask by its two customs: white, or transparent, is what is made new.
internal import CZlib

/// How bright each pixel of a picture is: what a mask in black and white says. Blocks while it works.
package struct PNGMask: Sendable, Equatable {
    package let width: Int
    package let height: Int
    /// From the top left, row by row: 0 is black or transparent, 255 is white.
    package let brightness: [UInt8]

    package static let sideMax = 4096

    package init(width: Int, height: Int, brightness: [UInt8]) {
        precondition(brightness.count == width * height)
        (self.width, self.height, self.brightness) = (width, height, brightness)
    }

    /// - Throws: ``PNGMaskError`` for what is no PNG, is damaged, interlaced, or larger than ``sideMax`` a side.
    package init(reading file: [UInt8]) throws(PNGMaskError) {
        let reader = try PNGPixels(file)
        self.init(width: reader.width, height: reader.height, brightness: try reader.brightness())
    }

    /// The same mask by the other custom: a black PNG, transparent where this one is white.
    package func transparentWhereWhite() -> [UInt8] {
        file(.rgbAlpha) { [0, 0, 0, 255 - $0] }
    }

    /// This mask as a grey PNG.
    package func whiteOnBlack() -> [UInt8] {
        file(.grey) { [$0] }
    }

    private func file(_ colour: PNGFile.Colour, _ pixel: (UInt8) -> [UInt8]) -> [UInt8] {
        let pixels = (0...255).map { pixel(UInt8($0)) }
        var rows: [UInt8] = []
        rows.reserveCapacity(height * (1 + colour.samples * width))
        for row in 0..<height {
            rows.append(0)  // no filter: the rows of a mask are flat as they are
            for value in brightness[row * width..<(row + 1) * width] { rows += pixels[Int(value)] }
        }
        var size = compressBound(UInt(rows.count))
        let packed = [UInt8](unsafeUninitializedCapacity: Int(size)) { output, count in
            let status = compress2(output.baseAddress, &size, rows, UInt(rows.count), 1)
            precondition(status == Z_OK, "zlib could not pack: status \(status)")
            count = Int(size)
        }
        return PNGFile.bytes(width: width, height: height, colour: colour, packed: packed)
    }
}

/// Why a mask cannot be read.
package enum PNGMaskError: Error, Sendable, Equatable, CustomStringConvertible {
    case notPNG
    case tooLarge
    case interlaced
    case damaged

    package var description: String {
        switch self {
        case .notPNG: "it is no PNG"
        case .tooLarge: "it has more than \(PNGMask.sideMax) pixels a side"
        case .interlaced: "it is an interlaced PNG; save it without interlacing"
        case .damaged: "the PNG is damaged or cut off"
        }
    }
}
