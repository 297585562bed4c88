// Compares an answer with the example of it that a document shows.
import JSON

enum Likeness {
    /// Members that differ each time.
    private static let passing: Set<String> = [
        "id", "created", "started", "ended", "finished", "deadline", "nextAttemptAt", "url", "bytes", "sha256",
        "requestId",
        "generation", "key",
    ]

    /// Each difference in words: members that only one has, values that are others. Of a passing member only the kind counts.
    static func differences(shown: JSONValue, actual: JSONValue, at path: String = "$") -> [String] {
        switch (shown, actual) {
        case (.object(let shown), .object(let actual)):
            let missing = shown.keys.filter { actual[$0] == nil }.map { "\(path).\($0) is not answered" }
            let more = actual.keys.filter { shown[$0] == nil }.map { "\(path).\($0) is not shown" }
            let both = shown.members.flatMap { member -> [String] in
                guard let value = actual[member.key] else { return [] }
                if passing.contains(member.key), member.value.kind == value.kind { return [] }
                return differences(shown: member.value, actual: value, at: "\(path).\(member.key)")
            }
            return missing + more + both
        case (.array(let shown), .array(let actual)):
            guard shown.count == actual.count else {
                return ["\(path) has \(actual.count) elements, not \(shown.count)"]
            }
            return zip(shown, actual).enumerated().flatMap { index, pair in
                differences(shown: pair.0, actual: pair.1, at: "\(path)[\(index)]")
            }
        default:
            return shown == actual ? [] : ["\(path) is \(actual.text()), not \(shown.text())"]
        }
    }
}
