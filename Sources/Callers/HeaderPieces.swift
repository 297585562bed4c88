// Header values that are lists, split with respect to quoted strings.

/// The pieces of a list as `Forwarded`, `Accept` and `Prefer` are.
package enum HeaderPieces {
    /// What is between separators that are not inside quotes: with the white space around it, empty pieces too.
    package static func of(_ value: Substring, at separator: Character) -> [Substring] {
        var pieces: [Substring] = []
        var start = value.startIndex
        var isQuoted = false
        var isEscaped = false
        for place in value.indices {
            let character = value[place]
            if isEscaped {
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if character == separator, !isQuoted {
                pieces.append(value[start..<place])
                start = value.index(after: place)
            }
        }
        return pieces + [value[start...]]
    }

    /// Without the white space around it.
    package static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
