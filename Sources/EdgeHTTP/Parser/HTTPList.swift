// Comma-separated lists of tokens in field values.

enum HTTPList {
    /// Calls `body` with each member, trimmed; empty ones are skipped.
    @inline(__always)
    static func forEachMember(_ value: Bytes, _ body: (Bytes) -> Void) {
        var index = 0
        while index < value.count {
            while index < value.count, Byte.isBlank(value[index]) || value[index] == Byte.comma { index += 1 }
            let start = index
            while index < value.count, value[index] != Byte.comma { index += 1 }
            var end = index
            while end > start, Byte.isBlank(value[end - 1]) { end -= 1 }
            if end > start { body(value.part(start..<end)) }
        }
    }
}
