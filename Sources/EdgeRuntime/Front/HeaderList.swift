// Splits header values that are lists, with respect to quoted strings.
internal import Callers

enum HeaderList {
    /// The parts of a value between separators that are not inside quotes, without the white space around them; empty ones left out.
    static func parts(of value: Substring, separator: Unicode.Scalar) -> [Substring] {
        var parts = HeaderPieces.of(value, at: separator)
        for index in parts.indices { parts[index] = HeaderPieces.trimmed(parts[index]) }
        parts.removeAll { $0.isEmpty }
        return parts
    }

    static func trimmed(_ text: Substring) -> Substring { HeaderPieces.trimmed(text) }

    /// `name=value` as a lower-case name and its value without quotes; the value is nil when there is no `=`.
    static func pair(_ text: Substring) -> (name: String, value: String?) {
        guard let equals = text.firstIndex(of: "=") else { return (trimmed(text).lowercased(), nil) }
        let value = trimmed(text[text.index(after: equals)...])
        let isQuoted = value.count >= 2 && value.hasPrefix("\"") && value.hasSuffix("\"")
        return (trimmed(text[..<equals]).lowercased(), String(isQuoted ? value.dropFirst().dropLast() : value))
    }

    /// Whether the text is a token of RFC 9110: a name as headers have them.
    static func isToken(_ text: some StringProtocol) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (97...122).contains(byte | 0x20) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
    }
}
