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
        let head = String(String.UnicodeScalarView(text.unicodeScalars.prefix(scalarsMax * 4)))
        let clean = cleaned(key?.hidden(in: head) ?? head)
        var line = String.UnicodeScalarView()
        var isSpace = true
        for scalar in clean.unicodeScalars {
            if scalar.properties.isWhitespace || scalar.properties.generalCategory == .control {
                isSpace = true
                continue
            }
            if isSpace, !line.isEmpty { line.append(" ") }
            isSpace = false
            line.append(scalar)
            if line.count >= scalarsMax {
                line.append(contentsOf: "...".unicodeScalars)
                break
            }
        }
        return line.isEmpty ? nil : String(line)
    }
}
