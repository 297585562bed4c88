// Text as the policy compares it: words in small letters, without accents and without what nobody sees.

/// The words of a text. `Ｎaïve  caf\u{e9}!` is `naive cafe`.
struct FoldedText: Sendable, Equatable {
    let words: [String]

    /// - Parameter keeping: characters that stay in words: the stars of a pattern.
    init(_ text: String, keeping: Set<Unicode.Scalar> = []) {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        for scalar in text.lowercased().unicodeScalars {
            let properties = scalar.properties
            switch properties.generalCategory {
            // Accents by themselves, soft hyphens, zero-width characters.
            case .nonspacingMark, .enclosingMark, .format: continue
            default: break
            }
            if properties.isAlphabetic || properties.numericType != nil || keeping.contains(scalar) {
                word.append(Self.plain(scalar))
            } else if !word.isEmpty {
                words.append(String(word))
                word = String.UnicodeScalarView()
            }
        }
        if !word.isEmpty { words.append(String(word)) }
        self.words = words
    }

    /// The letter without its accent, by its Unicode name: LATIN SMALL LETTER E WITH ACUTE, FULLWIDTH LATIN SMALL LETTER A.
    private static func plain(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        guard scalar.value > 0x7f, let name = scalar.properties.name,
            let letter = name.firstRange(of: "LATIN SMALL LETTER ")
        else { return scalar }
        let base = name[letter.upperBound...].prefix { $0 != " " }
        guard base.utf8.count == 1, let capital = base.unicodeScalars.first else { return scalar }
        return Unicode.Scalar(capital.value | 0x20) ?? scalar
    }
}
