// The one shape that every error has.
import JSON
import TestSupport
import Testing

/// Expects the status, and the error shape with everything that clients rely on.
///
/// - Parameter parts: what the text must name; letter case does not matter.
func expectProblem(
    _ answer: ProbeAnswer,
    _ status: Int,
    naming parts: [String] = [],
    _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let shown = Comment(rawValue: "\(what) -> \(answer.status) \(answer.text.prefix(600))")
    let json = answer.json
    #expect(answer.status == status, shown, sourceLocation: sourceLocation)
    #expect(answer["Content-Type"] == "application/json", shown, sourceLocation: sourceLocation)
    #expect(json["status"]?.integer == Int64(status), shown, sourceLocation: sourceLocation)
    for member in ["type", "title", "detail", "code", "message", "error", "requestId"] {
        #expect(json[member]?.string?.isEmpty == false, "\(member) in \(shown)", sourceLocation: sourceLocation)
    }
    #expect(answer["X-Request-Id"] != nil, shown, sourceLocation: sourceLocation)
    #expect(json["requestId"]?.string == answer["X-Request-Id"], shown, sourceLocation: sourceLocation)
    let text = (json["message"]?.string ?? "").lowercased()
    for part in parts {
        #expect(text.contains(part.lowercased()), "\(part) in \(shown)", sourceLocation: sourceLocation)
    }
}
