// The fields of a request that are more than a text or a number.
internal import FileReading
internal import JSON
internal import Providers

extension FieldReader {
    /// What the host writes in the place of a picture that it has taken out of a request.
    static let picturePrefix = "sha256:"

    func picture(_ field: Field) throws(AdmissionError) -> ImageInput? {
        guard let value = given(field) else { return nil }
        guard let text = value.string else { throw .field(field, "is \(value.kind)") }
        let digits =
            text.hasPrefix(Self.picturePrefix) ? text.utf8.dropFirst(Self.picturePrefix.utf8.count) : ""[...].utf8
        let isHash = digits.count == 64 && digits.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        guard isHash, let hash = String(digits) else { throw .field(field, "is no picture that can be read") }
        return ImageInput(sha256: hash)
    }

    func choice<Choice: RawRepresentable<String>>(_ field: Field) throws(AdmissionError) -> Choice? {
        guard let text = try name(field, scalarsMax: Field.modelScalarsMax) else { return nil }
        guard let choice = Choice(rawValue: text) else { throw .field(field, "is \(quoted(text))") }
        return choice
    }

    /// One name, or several, best first.
    func providers(known: [String]) throws(AdmissionError) -> [String]? {
        guard let value = given(.provider) else { return nil }
        let values = value.array ?? [value]
        guard !values.isEmpty else { throw .field(.provider, "is an empty list") }
        var names: [String] = []
        for value in values {
            guard let text = value.string else { throw .field(.provider, "is \(value.kind)") }
            guard !text.isEmpty else { throw .field(.provider, "is empty") }
            guard known.contains(text) else { throw .field(.provider, "is \(quoted(text))") }
            guard !names.contains(text) else { throw .field(.provider, "names \(text) twice") }
            names.append(text)
        }
        return names
    }

    func loras() throws(AdmissionError) -> [Lora] {
        guard let value = given(.loras) else { return [] }
        guard let values = value.array else { throw .field(.loras, "is \(value.kind)") }
        guard values.count <= Field.lorasMax else { throw .field(.loras, "has \(values.count) elements") }
        var loras: [Lora] = []
        for value in values {
            guard let object = value.object else { throw .field(.loras, "has an element that is \(value.kind)") }
            if let key = object.keys.first(where: { $0 != "model" && $0 != "weight" }) {
                throw .field(.loras, "has an element with \(quoted(key))")
            }
            guard let model = object["model"]?.string, !model.isEmpty,
                model.unicodeScalars.count <= Field.modelScalarsMax,
                model.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F })
            else { throw .field(.loras, "has an element without a model's id") }
            guard !loras.contains(where: { $0.model == model }) else {
                throw .field(.loras, "has \(quoted(model)) twice")
            }
            let weight = object["weight"].map { $0.isNull ? 1 : $0.double } ?? 1
            guard let weight, Field.loraWeights.contains(weight) else {
                throw .field(.loras, "has the weight \(object["weight"]?.text().prefix(40) ?? "null")")
            }
            loras.append(Lora(model: model, weight: weight + 0))  // -0 becomes 0: equal requests have equal keys
        }
        return loras
    }
}
