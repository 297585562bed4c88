// Why a request is not admitted: one sentence that names the field, what is wrong with it, and what it may hold.
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

    /// - Parameter problem: what is wrong, after the field's name: "is 63".
    static func field(_ field: Field, _ problem: String) -> AdmissionError {
        AdmissionError(
            code: "invalid_field",
            field: field.rawValue,
            "\(field.rawValue) \(problem); use \(field.allowed)"
        )
    }

    /// A field that nobody knows, with the one that was probably meant.
    static func unknown(_ name: String) -> AdmissionError {
        let names = Field.allCases.map(\.rawValue)
        let shown = name.unicodeScalars.prefix(40).map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
        let hint =
            nearest(to: name, in: names).map { "did you mean \($0)?" } ?? "known are \(names.joined(separator: ", "))"
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

    /// The name with the fewest edits, where these are few enough to be a slip.
    private static func nearest(to name: String, in names: [String]) -> String? {
        // "negativePrompt" and "cfg-scale" are spellings of other services.
        let plain = folded(name)
        guard plain.count <= 40 else { return nil }
        let near = names.map { ($0, distance(plain, folded($0))) }.min { $0.1 < $1.1 }
        guard let near, near.1 <= max(1, (plain.count + 1) / 3) else { return nil }
        return near.0
    }

    private static func folded(_ name: String) -> [UInt8] {
        name.prefix(41).lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
    }

    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let change = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(change, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
