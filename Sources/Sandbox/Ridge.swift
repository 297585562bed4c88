// The upper edge of one layer of a landscape: hills, peaks, waves or roofs.

struct Ridge {
    enum Kind: Int, CaseIterable { case hills, peaks, waves, roofs }

    /// For each column how far down the edge lies, in 256ths of a pixel.
    let edges: [Int32]
    let highest: Int
    let lowest: Int
    let colour: UInt32

    /// - Parameters:
    ///   - base: where the edge lies on average, in pixels from the top.
    ///   - swing: how far it goes up and down from there.
    init(kind: Kind, width: Int, base: Double, swing: Double, colour: Colour, dice: inout Dice) {
        let seed = dice.next()
        let stretch = dice.share(2.2, 4.2)
        let edges = (0..<width).map { column in
            let x = Double(column) / Double(width) * stretch
            let height: Double
            switch kind {
            case .hills: height = Self.noise(x, seed) * 0.7 + Self.noise(x * 2.3, seed &+ 1) * 0.3
            case .peaks:
                let fold = Self.fold(x, seed) * 0.75 + Self.fold(x * 2.7, seed &+ 1) * 0.25
                height = fold + (Self.noise(x * 9, seed &+ 2) - 0.5) * 0.06
            case .waves: height = Self.wave(x * 1.6, seed) * 0.6 + Self.noise(x * 1.7, seed &+ 1) * 0.4
            case .roofs: height = Self.lattice(Int(x * 7), seed) * 0.8 + Self.lattice(Int(x * 19), seed &+ 1) * 0.2
            }
            return Int32((base + swing * (1 - 2 * height)) * 256)
        }
        self.edges = edges
        highest = Int(edges.min() ?? 0) / 256
        lowest = Int(edges.max() ?? 0) / 256 + 1
        self.colour = colour.rgb
    }

    func paint(row: Int, over pixels: UnsafeMutableBufferPointer<UInt32>) {
        if row < highest { return }
        if row > lowest {
            pixels.update(repeating: colour)
            return
        }
        edges.withUnsafeBufferPointer { edges in
            for column in 0..<pixels.count {
                let cover = (row + 1) * 256 - Int(edges[column])  // how much of this pixel lies below the edge
                if cover >= 256 {
                    pixels[column] = colour
                } else if cover > 0 {
                    pixels[column] = Colour.mix(pixels[column], colour, share: cover)
                }
            }
        }
    }

    private static func lattice(_ index: Int, _ seed: UInt64) -> Double {
        var dice = Dice(seed: seed ^ UInt64(truncatingIfNeeded: index) &* 0xD1B5_4A32_D192_ED03)
        return dice.share()
    }

    private static func noise(_ x: Double, _ seed: UInt64) -> Double {
        let cell = Int(x)
        let part = x - Double(cell)
        let smooth = part * part * (3 - 2 * part)
        return lattice(cell, seed) * (1 - smooth) + lattice(cell + 1, seed) * smooth
    }

    private static func fold(_ x: Double, _ seed: UInt64) -> Double {
        let cell = Int(x)
        let part = x - Double(cell)
        return lattice(cell, seed) * (1 - part) + lattice(cell + 1, seed) * part
    }

    /// Like a sine, made of parabolas: the sine itself may differ between machines.
    private static func wave(_ x: Double, _ seed: UInt64) -> Double {
        let turn = x + lattice(0, seed)
        let part = (turn - turn.rounded(.down)) * 2
        return part < 1 ? 0.5 + 2 * part * (1 - part) : 0.5 - 2 * (part - 1) * (2 - part)
    }
}
