// Colours as numbers: made from hue and light, and mixed.

/// A colour as 0xRRGGBB.
struct Colour: Sendable, Equatable {
    let rgb: UInt32

    init(rgb: UInt32) { self.rgb = rgb }

    /// - Parameters: each 0 to 1; a hue beyond that goes round.
    init(hue: Double, saturation: Double, light: Double) {
        let spread = saturation * min(light, 1 - light)
        func channel(_ offset: Double) -> UInt32 {
            let turn = offset + hue * 12
            let k = turn - (turn / 12).rounded(.down) * 12
            let value = light - spread * max(-1, min(k - 3, 9 - k, 1))
            return UInt32(min(max(value, 0), 1) * 255 + 0.5)
        }
        rgb = channel(0) << 16 | channel(8) << 8 | channel(4)
    }

    /// This colour with `share` (0 to 256) of the other over it.
    func mixed(with other: Colour, share: Int) -> Colour { Colour(rgb: Self.mix(rgb, other.rgb, share: share)) }

    static func mix(_ under: UInt32, _ over: UInt32, share: Int) -> UInt32 {
        let over256 = UInt32(min(max(share, 0), 256))
        let under256 = 256 - over256
        // Red and blue are mixed in one multiplication: 8 bits between them take the carry.
        let redBlue = ((under & 0xFF00FF) * under256 + (over & 0xFF00FF) * over256) >> 8 & 0xFF00FF
        let green = ((under & 0x00FF00) >> 8 * under256 + (over & 0x00FF00) >> 8 * over256) & 0x00FF00
        return redBlue | green
    }

    static let white = Colour(rgb: 0xFFFFFF)
    static let black = Colour(rgb: 0x000000)
}
