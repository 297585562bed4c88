// The pixels of a PNG: unpacked, unfiltered, and read as brightness.
internal import CZlib

/// A PNG taken apart. Reads every colour type and depth, not interlaced.
struct PNGPixels {
    let width: Int
    let height: Int
    private let depth: Int
    private let colour: PNGFile.Colour
    /// Three bytes for each entry.
    private var palette: [UInt8] = []
    /// The alpha of the first entries.
    private var paletteAlpha: [UInt8] = []
    private var packed: [UInt8] = []

    init(_ file: [UInt8]) throws(PNGMaskError) {
        guard file.starts(with: PNGFile.mark), file.count > 33 else { throw .notPNG }
        func number(_ at: Int) -> Int { file[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
        width = number(16)
        height = number(20)
        depth = Int(file[24])
        guard let colour = PNGFile.Colour(rawValue: file[25]), Self.depths(of: colour).contains(depth), width > 0,
            height > 0
        else { throw .damaged }
        self.colour = colour
        guard width <= PNGMask.sideMax, height <= PNGMask.sideMax else { throw .tooLarge }
        guard file[28] == 0 else { throw .interlaced }
        var at = 33
        while at + 12 <= file.count {
            let size = number(at)
            guard size <= file.count - at - 12 else { throw .damaged }
            let data = file[at + 8..<at + 8 + size]
            switch String(decoding: file[at + 4..<at + 8], as: UTF8.self) {
            case "PLTE": palette = Array(data)
            case "tRNS" where colour == .palette: paletteAlpha = Array(data)
            case "IDAT": packed += data
            default: break
            }
            at += 12 + size
        }
        guard colour != .palette || palette.count >= 3 else { throw .damaged }
    }

    private static func depths(of colour: PNGFile.Colour) -> [Int] {
        switch colour {
        case .grey: [1, 2, 4, 8, 16]
        case .palette: [1, 2, 4, 8]
        case .rgb, .greyAlpha, .rgbAlpha: [8, 16]
        }
    }

    /// Of each pixel, by Rec. 601; a transparent one is black.
    func brightness() throws(PNGMaskError) -> [UInt8] {
        let rowBytes = (width * colour.samples * depth + 7) / 8
        let step = max(1, colour.samples * depth / 8)
        let rows = try unpacked(count: height * (1 + rowBytes))
        var result: [UInt8] = []
        result.reserveCapacity(width * height)
        var above = [UInt8](repeating: 0, count: rowBytes)
        for y in 0..<height {
            let start = y * (1 + rowBytes)
            var row = Array(rows[start + 1..<start + 1 + rowBytes])
            try unfilter(&row, rows[start], above: above, step: step)
            for x in 0..<width { result.append(try brightness(of: row, at: x)) }
            above = row
        }
        return result
    }

    private func unpacked(count: Int) throws(PNGMaskError) -> [UInt8] {
        var size = UInt(count)
        var status = Z_OK
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { output, made in
            status = uncompress(output.baseAddress, &size, packed, UInt(packed.count))
            made = Int(size)
        }
        // Z_BUF_ERROR with all rows there: the encoder left something behind the last one.
        guard status == Z_OK || status == Z_BUF_ERROR, bytes.count == count else { throw .damaged }
        return bytes
    }

    private func unfilter(
        _ row: inout [UInt8],
        _ filter: UInt8,
        above: [UInt8],
        step: Int
    ) throws(PNGMaskError) {
        guard filter <= 4 else { throw .damaged }
        guard filter > 0 else { return }
        for at in row.indices {
            let left = at >= step ? Int(row[at - step]) : 0
            let up = Int(above[at])
            let guess: Int
            switch filter {
            case 1: guess = left
            case 2: guess = up
            case 3: guess = (left + up) / 2
            default:  // Paeth: the neighbour nearest to left + up - corner
                let corner = at >= step ? Int(above[at - step]) : 0
                let (a, b, c) = (abs(up - corner), abs(left - corner), abs(left + up - 2 * corner))
                guess = a <= b && a <= c ? left : b <= c ? up : corner
            }
            row[at] &+= UInt8(truncatingIfNeeded: guess)
        }
    }

    private func brightness(of row: [UInt8], at x: Int) throws(PNGMaskError) -> UInt8 {
        func sample(_ number: Int) -> Int {
            let index = x * colour.samples + number
            switch depth {
            case 8: return Int(row[index])
            case 16: return Int(row[index * 2])  // the upper half is enough
            default:
                let bit = index * depth
                let value = Int(row[bit / 8]) >> (8 - depth - bit % 8) & (1 << depth - 1)
                return colour == .palette ? value : value * 255 / (1 << depth - 1)
            }
        }
        func light(_ red: Int, _ green: Int, _ blue: Int) -> Int { (299 * red + 587 * green + 114 * blue + 500) / 1000 }
        switch colour {
        case .grey: return UInt8(sample(0))
        case .greyAlpha: return UInt8(sample(0) * sample(1) / 255)
        case .rgb: return UInt8(light(sample(0), sample(1), sample(2)))
        case .rgbAlpha: return UInt8(light(sample(0), sample(1), sample(2)) * sample(3) / 255)
        case .palette:
            let entry = sample(0)
            guard entry * 3 + 2 < palette.count else { throw .damaged }
            let alpha = entry < paletteAlpha.count ? Int(paletteAlpha[entry]) : 255
            return UInt8(
                light(Int(palette[entry * 3]), Int(palette[entry * 3 + 1]), Int(palette[entry * 3 + 2])) * alpha / 255
            )
        }
    }
}
