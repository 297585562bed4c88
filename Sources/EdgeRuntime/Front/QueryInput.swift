// The input that a query makes for a job function that is not asked about its requests.
internal import JSON

/// Reads `prompt=a+red%20fox&width=64` as an object of strings.
enum QueryInput {
    /// - Throws: ``Problem`` 400 for a name that comes twice and for what is no percent-encoded UTF-8.
    static func object(_ query: String?) throws(Problem) -> JSONObject {
        var input: JSONObject = [:]
        for field in (query ?? "").split(separator: "&") {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentText.decode(parts[0], plusIsSpace: true),
                let value = parts.count > 1 ? PercentText.decode(parts[1], plusIsSpace: true) : ""
            else {
                throw refusal("The query's field \(field) is not percent-encoded UTF-8. Encode it anew.")
            }
            guard input[name] == nil else {
                throw refusal("The query names \(name) twice. Name each field once.", field: name)
            }
            input[name] = .string(value)
        }
        return input
    }

    private static func refusal(_ message: String, field: String? = nil) -> Problem {
        Problem(status: 400, code: "bad_query", message: message, field: field)
    }
}
