// The fields of a request from its JSON body.
internal import JSON

enum BodyFields {
    /// - Parameter contentType: browsers' simple requests and Supabase clients send JSON as `text/plain`, some send no type.
    static func read(_ body: [UInt8], contentType: String?) throws(AdmissionError) -> JSONObject {
        let type = type(contentType)
        guard ["application/json", "", "text/plain"].contains(type) else {
            throw AdmissionError(
                status: 415,
                code: "unsupported_media_type",
                "the body is \(type.prefix(60)); send JSON with Content-Type: application/json"
            )
        }
        guard !body.allSatisfy({ $0 == 0x20 || (0x09...0x0D).contains($0) }) else {
            throw .field(.prompt, "is missing, the body is empty")
        }
        let value: JSONValue
        do {
            value = try JSONValue.parse(body)
        } catch {
            let field = error.key.flatMap(Field.init(rawValue:))
            throw AdmissionError(
                code: "invalid_json",
                field: field?.rawValue,
                "the body is not JSON: \(error)\(field.map { "; \($0.rawValue) is \($0.allowed)" } ?? "")"
            )
        }
        guard let object = value.object else {
            throw AdmissionError(code: "invalid_json", "the body is \(value.kind); send a JSON object with a prompt")
        }
        return object
    }

    /// Without parameters and white space, in small letters.
    private static func type(_ contentType: String?) -> String {
        guard let contentType, contentType != "application/json" else { return contentType ?? "" }
        let type = contentType.utf8.prefix { $0 != UInt8(ascii: ";") }.filter { $0 != 0x20 && $0 != 0x09 }
        return String(decoding: type, as: UTF8.self).lowercased()
    }
}
