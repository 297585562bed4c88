// The input that a query makes for a job function that is not asked about its requests.
internal import JSON

/// Reads `prompt=a+red%20fox&width=64` as an object of strings.
enum QueryInput {
    /// - Throws: ``Problem`` 400 for a name that comes twice and for what is no percent-encoded UTF-8.
    static func object(_ query: String?) throws(Problem) -> JSONObject {
        var input: JSONObject = [:]
        for field in (query ?? "").utf8.split(separator: UInt8(ascii: "&")) {
            let parts = field.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = text(parts[0]), let value = parts.count > 1 ? text(parts[1]) : "" else {
                throw refusal("The query's field \(String(field) ?? "") is not percent-encoded UTF-8. Encode it anew.")
            }
            guard input[name] == nil else {
                throw refusal("The query names \(name) twice. Name each field once.", field: name)
            }
            input[name] = .string(value)
        }
        return input
    }

    private static func text(_ encoded: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var rest = encoded[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
    }

    private static func refusal(_ message: String, field: String? = nil) -> Problem {
        Problem(status: 400, code: "bad_query", message: message, field: field)
    }
}
