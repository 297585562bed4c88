// What a provider says in words, made fit to be shown: one line, bounded, without the key.

package enum SaidText {
    package static let scalarsMax = 300

    /// - Parameter cleaned: hides what else must not be shown.
    /// - Returns: nil where nothing is left that people can read.
    package static func line(
        _ text: String,
        hiding key: ProviderKey?,
        cleaned: (String) -> String = { $0 }
    ) -> String? {
        // Looked at further than it is shown, so that the cut does not leave half a key.
        let isShort = text.utf8.count <= scalarsMax * 4
        let head = isShort ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(scalarsMax * 4)))
        let clean = cleaned(key?.hidden(in: head) ?? head)
        var line = String.UnicodeScalarView()
        var count = 0
        var isSpace = true
        for scalar in clean.unicodeScalars {
            if separates(scalar) {
                isSpace = true
                continue
            }
            if isSpace, count > 0 {
                line.append(" ")
                count += 1
            }
            isSpace = false
            line.append(scalar)
            count += 1
            if count >= scalarsMax {
                line.append(contentsOf: "...".unicodeScalars)
                break
            }
        }
        return line.isEmpty ? nil : String(line)
    }

    private static func separates(_ scalar: Unicode.Scalar) -> Bool {
        // Nearly all is ASCII, which needs no table.
        if scalar.isASCII { return scalar.value <= 0x20 || scalar.value == 0x7F }
        return scalar.properties.isWhitespace || scalar.properties.generalCategory == .control
    }
}
