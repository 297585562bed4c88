// The words on a sandbox picture: SANDBOX at the top, the prompt and the size on a dark band at the bottom.

struct Caption {
    fileprivate struct Line {
        let glyphs: [ArraySlice<UInt8>]
        let x: Int
        let y: Int
        let scale: Int
        let colour: UInt32
    }

    private let lines: [Line]
    private let band: Range<Int>
    private let plate: (columns: Range<Int>, rows: Range<Int>)

    /// - Parameter facts: for the last line, such as "512x512" and "seed 7"; those that do not fit are left out.
    init(prompt: String, facts: [String], width: Int, height: Int) {
        let scale = max(1, min(width, height) / 256)
        let margin = 3 * scale
        let columns = (width - 2 * margin + scale) / (BitmapFont.advance * scale)
        let rise = (BitmapFont.height + 2) * scale

        let title = "SANDBOX"
        let titleScale = max(1, min(2 * scale, (width - 2 * margin) / (BitmapFont.advance * title.count)))
        let titleWidth = (BitmapFont.advance * title.count - 1) * titleScale
        let pad = 2 * titleScale
        let titleHeight = (BitmapFont.height - 1) * titleScale  // capitals leave the lowest dot free
        plate = (margin..<min(width, margin + titleWidth + 2 * pad), margin..<margin + titleHeight + 2 * pad)

        let room = max(1, min(3, (height - plate.rows.upperBound - margin) / rise - 1))
        let words = Self.wrap(prompt, columns: columns, lines: room) + [Self.fit(facts, columns: columns)]
        let top = height - words.count * rise - margin
        band = max(0, top - margin)..<height
        let ink = Colour(rgb: 0xF4F4F4).rgb
        let faint = Colour(rgb: 0xB8B8B8).rgb
        lines =
            [Line(title, x: margin + pad, y: margin + pad, scale: titleScale, colour: Colour(rgb: 0x202020).rgb)]
            + words.enumerated().map { index, text in
                Line(
                    text,
                    x: margin,
                    y: top + index * rise,
                    scale: scale,
                    colour: index == words.count - 1 ? faint : ink
                )
            }
    }

    func paint(row: Int, over pixels: UnsafeMutableBufferPointer<UInt32>) {
        if band.contains(row) {
            for x in 0..<pixels.count { pixels[x] = Colour.mix(pixels[x], 0x101018, share: 176) }
        }
        if plate.rows.contains(row) {
            for x in plate.columns where x < pixels.count {
                pixels[x] = Colour.mix(pixels[x], 0xFFD84A, share: 236)
            }
        }
        for line in lines { line.paint(row: row, over: pixels) }
    }

    private static func fit(_ facts: [String], columns: Int) -> String {
        facts.reduce("") { line, fact in
            let longer = line.isEmpty ? fact : line + " " + fact
            return longer.count <= columns ? longer : line
        }
    }

    /// Breaks text at spaces into at most `lines` lines; what does not fit ends in three dots.
    static func wrap(_ text: String, columns: Int, lines: Int) -> [String] {
        var made: [String] = []
        var line = ""
        // A prompt may have line breaks and tabs: the picture shows them as spaces.
        var words = text.split { $0.isWhitespace }.map(String.init)[...]
        while let word = words.first {
            let space = columns - line.count - (line.isEmpty ? 0 : 1)
            if word.count <= space {
                line += (line.isEmpty ? "" : " ") + word
                words.removeFirst()
            } else if line.isEmpty || word.count > columns && space > columns / 2 {
                line += (line.isEmpty ? "" : " ") + word.prefix(max(1, space))
                words[words.startIndex] = String(word.dropFirst(max(1, space)))
            } else {
                made.append(line)
                line = ""
            }
            if made.count == lines { break }
        }
        if words.isEmpty {
            return line.isEmpty ? made : made + [line]
        }
        if let last = made.popLast() { made.append(last.prefix(max(0, columns - 3)) + "...") }
        return made
    }
}

extension Caption.Line {
    fileprivate init(_ text: String, x: Int, y: Int, scale: Int, colour: UInt32) {
        self.init(
            glyphs: text.unicodeScalars.map(BitmapFont.columns(of:)),
            x: x,
            y: y,
            scale: scale,
            colour: colour
        )
    }

    fileprivate func paint(row: Int, over pixels: UnsafeMutableBufferPointer<UInt32>) {
        guard row >= y, row < y + BitmapFont.height * scale else { return }
        let dot = UInt8(1 << ((row - y) / scale))
        for (index, glyph) in glyphs.enumerated() {
            for (column, bits) in glyph.enumerated() where bits & dot != 0 {
                let start = x + (index * BitmapFont.advance + column) * scale
                for x in start..<start + scale where x < pixels.count { pixels[x] = colour }
            }
        }
    }
}
