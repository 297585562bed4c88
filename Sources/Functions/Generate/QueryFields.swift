// The fields of a request from its query, for `<img src="/generate?prompt=...">`.
internal import JSON

enum QueryFields {
    /// Supabase clients add it to say where a function should run; it never changes a picture.
    static let ignored: Set<String> = ["forceFunctionRegion"]
    static let fieldsMax = 32

    /// The query's fields as a JSON body would have them: numbers as numbers. An empty value counts as not given, because
    /// HTML forms send every field.
    static func read(target: String) throws(AdmissionError) -> JSONObject {
        guard let mark = target.firstIndex(of: "?") else { return [:] }
        var fields: JSONObject = [:]
        let pairs = target[target.index(after: mark)...].split(separator: "&")
        guard pairs.count <= fieldsMax else {
            throw AdmissionError(code: "bad_query", "the query has more than \(fieldsMax) fields")
        }
        for pair in pairs {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try decode(parts[0])
            let text = parts.count > 1 ? try decode(parts[1]) : ""
            if ignored.contains(name) { continue }
            guard let field = Field(rawValue: name) else { throw .unknown(name) }
            guard fields[name] == nil else { throw .field(field, "is there twice") }
            if !text.isEmpty { fields[name] = value(text, of: field) }
        }
        return fields
    }

    /// A text that is no number stays a text, which the check of its field then refuses by name.
    private static func value(_ text: String, of field: Field) -> JSONValue {
        switch field {
        case .width, .height, .steps, .seed, .variation, .guidanceScale, .strength, .duration:
            if let number = try? JSONValue.parse(text), number.double != nil { return number }
        case .provider where text.contains(","):
            return .array(text.split(separator: ",").map { .string(String($0)) })
        case .fresh, .safety, .nsfw, .lenient:
            if text == "true" || text == "1" { return true }
            if text == "false" || text == "0" { return false }
        default: break
        }
        return .string(text)
    }

    /// Percent signs and plus, as forms write them.
    private static func decode(_ text: Substring) throws(AdmissionError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    throw AdmissionError(
                        code: "bad_query",
                        "the query has a % without two hexadecimal digits behind it"
                    )
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw AdmissionError(code: "bad_query", "the query is not UTF-8")
        }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
