// One pass over a piece of text, with the state that outlives the piece.

struct RedactingScan {
    /// A match that is long enough to be replaced and may go on in the next piece.
    private var open: SecretPatterns.Walk?
    /// How many secrets were replaced.
    private(set) var hits = 0

    var isOpen: Bool { open != nil }

    /// Appends `text` to `output` with the secrets replaced.
    /// - Returns: how many bytes were dealt with: all of them when `isLast`, else up to what may become a secret.
    @discardableResult
    mutating func run(
        _ text: UnsafeBufferPointer<UInt8>,
        _ patterns: SecretPatterns,
        isLast: Bool,
        into output: inout [UInt8]
    ) -> Int {
        var index = 0
        if var walk = open {
            while index < text.count, patterns.step(&walk, text[index]) { index += 1 }
            if index == text.count, !isLast, patterns.canGrow(walk) {
                open = walk
                return index
            }
            open = nil
            output += patterns.label(of: walk)
        }
        var copied = index
        while index < text.count {
            if text.count - index >= 4, !patterns.mayBegin(text, at: index) {
                index += 1
                continue
            }
            var walk = patterns.begin()
            var end = index
            while end < text.count, patterns.step(&walk, text[end]) { end += 1 }
            let mayGoOn = end == text.count && !isLast && patterns.canGrow(walk)
            if mayGoOn {
                output += text[copied..<index]
                guard walk.depth >= SecretPatterns.enough else { return index }
                hits += 1
                open = walk
                return end
            }
            let length = walk.depth >= SecretPatterns.enough ? walk.depth : walk.found?.length ?? 0
            if length > 0 {
                output += text[copied..<index]
                output += patterns.label(of: walk)
                hits += 1
                index += length
                copied = index
            } else {
                index += 1
            }
        }
        output += text[copied...]
        return text.count
    }
}
