// The common shape of durations and sizes: digits, then letters.

enum NumberWithUnit {
    /// `25s` as 25 and `s`; nil unless it is ASCII digits that fit, followed by something else.
    static func split(_ text: String) -> (number: Int64, unit: Substring)? {
        let digits = text.utf8.prefix { (48...57).contains($0) }
        guard !digits.isEmpty, digits.endIndex < text.endIndex, let number = Int64(text[..<digits.endIndex]) else {
            return nil
        }
        return (number, text[digits.endIndex...])
    }
}
