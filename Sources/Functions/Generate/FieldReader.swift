// Reads one field of a request as what it should be. `null` counts as not given, as web apps send it for what is not set.
internal import FileReading
internal import JSON
internal import Providers

struct FieldReader {
    let fields: JSONObject

    func given(_ field: Field) -> JSONValue? {
        guard let value = fields[field.rawValue], !value.isNull else { return .none }
        return value
    }

    /// Trimmed; nil when nothing is left.
    func text(_ field: Field, scalarsMax: Int) throws(AdmissionError) -> String? {
        guard let value = given(field) else { return nil }
        guard let text = value.string else { throw .field(field, "is \(value.kind)") }
        let trimmed = Self.trimmed(text)
        guard trimmed.count <= scalarsMax else { throw .field(field, "has \(trimmed.count) characters") }
        return trimmed.isEmpty ? nil : String(trimmed)
    }

    /// A text that is one line and not empty.
    func name(_ field: Field, scalarsMax: Int) throws(AdmissionError) -> String? {
        guard given(field) != nil else { return nil }
        guard let name = try text(field, scalarsMax: scalarsMax) else { throw .field(field, "is empty") }
        guard name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw .field(field, "holds a control character")
        }
        return name
    }

    func whole(_ field: Field, in range: ClosedRange<Int64>) throws(AdmissionError) -> Int64? {
        guard let value = given(field) else { return nil }
        guard let number = value.double else { throw .field(field, Self.notNumber(value)) }
        guard let whole = value.integer, range.contains(whole) else {
            throw .field(field, "is \(value.integer.map { "\($0)" } ?? "\(number)")")
        }
        return whole
    }

    func size(_ field: Field) throws(AdmissionError) -> Int? {
        guard let size = try whole(field, in: Field.sizes) else { return nil }
        guard size.isMultiple(of: 8) else { throw .field(field, "is \(size)") }
        return Int(size)
    }

    func number(_ field: Field, in range: ClosedRange<Double>) throws(AdmissionError) -> Double? {
        guard let value = given(field) else { return nil }
        guard let number = value.double else { throw .field(field, Self.notNumber(value)) }
        guard range.contains(number) else { throw .field(field, "is \(value.text())") }
        return number + 0  // -0 becomes 0: equal requests have equal keys
    }

    func truth(_ field: Field) throws(AdmissionError) -> Bool? {
        guard let value = given(field) else { return nil }
        guard let truth = value.bool else { throw .field(field, "is \(value.kind)") }
        return truth
    }

    func has(_ field: Field) -> Bool { given(field) != nil }

    private static func notNumber(_ value: JSONValue) -> String {
        guard let text = value.string else { return "is \(value.kind)" }
        let shown = text.unicodeScalars.prefix(40).map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
        return "is the text \"\(String(String.UnicodeScalarView(shown)))\""
    }

    private static func trimmed(_ text: String) -> Substring.UnicodeScalarView {
        var scalars = text.unicodeScalars[...]
        while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        return scalars
    }
}
