// Why a request is not admitted: one sentence that names the field, what is wrong with it, and what it may hold.
internal import FileReading
internal import JSON

struct AdmissionError: Error, Equatable, CustomStringConvertible {
    let status: Int
    let code: String
    let field: String?
    let description: String

    init(status: Int = 400, code: String, field: String? = nil, _ description: String) {
        self.status = status
        self.code = code
        self.field = field
        self.description = description
    }

    /// - Parameters:
    ///   - problem: what is wrong, after the field's name: "is 63".
    ///   - isWhole: whether the problem says itself what to do.
    static func field(_ field: Field, _ problem: String, isWhole: Bool = false) -> AdmissionError {
        AdmissionError(
            code: "invalid_field",
            field: field.rawValue,
            "\(field.rawValue) \(problem)" + (isWhole ? "" : "; use \(field.allowed)")
        )
    }

    /// What a caller asks for who may not have it.
    static func notAllowed(_ field: Field, _ problem: String) -> AdmissionError {
        AdmissionError(
            status: 403,
            code: "nsfw_not_allowed",
            field: field.rawValue,
            "\(field.rawValue) \(problem), and pictures that are not safe for work are not allowed here; leave it out"
        )
    }

    static func preset(_ name: String, known: [String]) -> AdmissionError {
        let hint =
            known.isEmpty
            ? "there are none: the settings file of this function has no presets"
            : NearestName.of(name, among: known).map { "did you mean \($0)?" }
                ?? "known are \(known.joined(separator: ", "))"
        return .field(.preset, "is \(quoted(name)); \(hint)", isWhole: true)
    }

    /// A field that nobody knows, with the one that was probably meant.
    static func unknown(_ name: String) -> AdmissionError {
        let names = Field.allCases.map(\.rawValue)
        let shown = name.unicodeScalars.prefix(40).map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
        let hint =
            NearestName.of(name, among: names).map { "did you mean \($0)?" }
            ?? "known are \(names.joined(separator: ", "))"
        let text = String(String.UnicodeScalarView(shown))
        return AdmissionError(code: "unknown_field", field: text, "\(text) is no field of this function; \(hint)")
    }

    var problem: JSONObject {
        var problem: JSONObject = [
            "status": .integer(Int64(status)), "detail": .string(description), "code": .string(code),
        ]
        problem["field"] = field.map { .string($0) }
        return problem
    }
}
