// The picture behind the words: a sky, a sun or moon, stars, and four layers of land or sea.

/// A landscape that a seed decides, painted row by row.
struct Landscape {
    private let width: Int
    private let height: Int
    private let skyTop: Colour
    private let skyFoot: Colour
    private let sun: Sun
    private let stars: [Star]
    private let ridges: [Ridge]

    private struct Sun {
        let x: Double
        let y: Double
        let radius: Double
        let colour: UInt32
    }

    private struct Star {
        let x: Int
        let y: Int
        let size: Int
        let share: Int
    }

    init(seed: UInt64, width: Int, height: Int) {
        var dice = Dice(seed: seed)
        self.width = width
        self.height = height
        let hue = dice.share()
        let isNight = dice.number(in: 0..<3) == 0
        let turn = dice.share(0.06, 0.22) * (dice.number(in: 0..<2) == 0 ? 1 : -1)
        skyTop = Colour(hue: hue, saturation: 0.55, light: isNight ? 0.10 : 0.48)
        skyFoot = Colour(hue: hue + turn, saturation: 0.75, light: isNight ? 0.36 : 0.80)
        let short = Double(min(width, height))
        sun = Sun(
            x: Double(width) * dice.share(0.2, 0.8),
            y: Double(height) * dice.share(0.2, 0.45),
            radius: short * dice.share(0.08, 0.15),
            colour: Colour(hue: hue + turn * 1.5, saturation: 0.9, light: isNight ? 0.88 : 0.93).rgb
        )
        let unit = max(1, min(width, height) / 400)
        stars = (0..<(isNight ? 60 : 0)).map { _ in
            Star(
                x: dice.number(in: 0..<width),
                y: dice.number(in: 0..<height * 6 / 10),
                size: dice.number(in: 1..<3) * unit,
                share: dice.number(in: 60..<230)
            )
        }.sorted { $0.y < $1.y }
        let kind = Ridge.Kind(rawValue: dice.number(in: 0..<Ridge.Kind.allCases.count)) ?? .hills
        let far = skyFoot.mixed(with: Colour(hue: hue + turn, saturation: 0.5, light: 0.35), share: 70)
        let near = Colour(hue: hue - turn / 2, saturation: 0.55, light: isNight ? 0.05 : 0.14)
        let tall = Double(height)
        ridges = (0..<4).map { layer in
            Ridge(
                kind: kind,
                width: width,
                base: tall * (0.56 + 0.12 * Double(layer)),
                swing: tall * (0.13 - 0.018 * Double(layer)),
                colour: far.mixed(with: near, share: layer * 256 / 3),
                dice: &dice
            )
        }
    }

    func paint(row: Int, into pixels: UnsafeMutableBufferPointer<UInt32>) {
        let first = ridges.lastIndex { row > $0.lowest } ?? 0  // it hides all that is behind it
        if row <= ridges[first].lowest {
            pixels.update(repeating: skyTop.mixed(with: skyFoot, share: row * 340 / height).rgb)
            paintStars(row, pixels)
            paintSun(row, pixels)
        }
        for ridge in ridges[first...] { ridge.paint(row: row, over: pixels) }
    }

    private func paintStars(_ row: Int, _ pixels: UnsafeMutableBufferPointer<UInt32>) {
        for star in stars where star.y <= row && row < star.y + star.size {
            for x in star.x..<min(star.x + star.size, width) {
                pixels[x] = Colour.mix(pixels[x], Colour.white.rgb, share: star.share)
            }
        }
    }

    /// Two faint rings and the disc, each with a soft edge of one pixel.
    private func paintSun(_ row: Int, _ pixels: UnsafeMutableBufferPointer<UInt32>) {
        let dy = Double(row) + 0.5 - sun.y
        for (scale, share) in [(2.1, 28), (1.5, 46), (1.0, 256)] {
            let radius = sun.radius * scale
            let reach = (radius + 1) * (radius + 1) - dy * dy
            guard reach > 0 else { continue }
            let half = reach.squareRoot()
            let start = min(max(0, Int(sun.x - half)), width)
            let columns = start..<max(start, min(width, Int(sun.x + half) + 1))
            for x in columns {
                let dx = Double(x) + 0.5 - sun.x
                let cover = min(max(radius + 0.5 - (dx * dx + dy * dy).squareRoot(), 0), 1)
                pixels[x] = Colour.mix(pixels[x], sun.colour, share: Int(cover * Double(share)))
            }
        }
    }
}
