// The lists of entity tags in If-Match and If-None-Match (RFC 9110, 8.8.3).

/// `*`, or tags, each perhaps weak. Reading stops at the first mistake.
struct HTTPEntityTags {
    private var any = false
    private var tags: [(isWeak: Bool, tag: String)] = []

    init(_ value: String) {
        let text = Substring(value).trimmed
        any = text == "*"
        var rest = text[...]
        while !any {
            rest = rest.drop { $0 == "," || $0 == " " || $0 == "\t" }
            let isWeak = rest.hasPrefix("W/")
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") else { break }
            tags.append((isWeak, String(rest[...end])))
            rest = rest[rest.index(after: end)...]
        }
    }

    /// - Parameter strongly: whether weak tags count as different, as for If-Match.
    func contains(_ etag: String, strongly: Bool) -> Bool {
        any || tags.contains { $0.tag == etag && !(strongly && $0.isWeak) }
    }
}
