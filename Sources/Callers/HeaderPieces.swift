// Header values that are lists, split with respect to quoted strings.

/// The pieces of a list as `Forwarded`, `Accept` and `Prefer` are. Read as bytes: what a header means is ASCII.
package enum HeaderPieces {
    /// What is between separators that are not inside quotes: with the white space around it, empty pieces too.
    package static func of(_ value: Substring, at separator: Unicode.Scalar) -> [Substring] {
        let bytes = value.utf8
        let separator = UInt8(ascii: separator)
        // Most values are no list.
        guard bytes.contains(separator) else { return [value] }
        var pieces: [Substring] = []
        var start = bytes.startIndex
        var isQuoted = false
        var isEscaped = false
        for place in bytes.indices {
            let byte = bytes[place]
            if isEscaped {
                isEscaped = false
            } else if isQuoted, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if byte == separator, !isQuoted {
                pieces.append(value[start..<place])
                start = bytes.index(after: place)
            }
        }
        pieces.append(value[start...])
        return pieces
    }

    /// Without the white space around it.
    package static func trimmed(_ text: Substring) -> Substring {
        let bytes = text.utf8
        guard let start = bytes.firstIndex(where: { !isBlank($0) }), let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return text[text.endIndex...] }
        return text[start..<bytes.index(after: last)]
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}
