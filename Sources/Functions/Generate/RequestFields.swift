// A request by its fields: each checked by itself, none of them tied to a provider yet.
internal import EdgeFunction
internal import FileReading
internal import JSON
internal import Providers

struct RequestFields: Equatable {
    /// Without its model.
    var request: ImageRequest
    /// An alias, or a provider's own id.
    var model: String?
    /// Best first; nil: the settings say who.
    var providers: [String]?
    var choose: Lane.Choice?
    /// Whether what a provider cannot do may be left out.
    var isLenient = false
    /// Whether ``ImageRequest/checksSafety`` is for those who can check, and the others make the picture without.
    var checksWhereItCan = false
    /// Whether a cached picture is not wanted.
    var isFresh = false
    /// Which one of several pictures of the same request.
    var variation = 0

    /// - Parameters:
    ///   - presets: their fields stand where the request has none.
    ///   - known: the names of providers.
    ///   - allowsNSFW: whether its caller may have what is not safe for work.
    init(
        _ fields: JSONObject,
        presets: [String: JSONObject],
        known: [String],
        allowsNSFW: Bool = true
    ) throws(AdmissionError) {
        for name in fields.keys where Field(rawValue: name) == nil { throw .unknown(name) }
        var fields = fields
        if let name = try FieldReader(fields: fields).name(.preset, scalarsMax: Field.modelScalarsMax) {
            guard let preset = presets[name] else { throw .preset(name, known: presets.keys.sorted()) }
            for field in preset.members where fields[field.key]?.isNull ?? true { fields[field.key] = field.value }
        }
        let reader = FieldReader(fields: fields)
        guard let prompt = try reader.text(.prompt, scalarsMax: Field.promptScalarsMax) else {
            throw .field(.prompt, fields["prompt"]?.string == nil ? "is missing" : "is empty")
        }
        request = ImageRequest(prompt: prompt)
        try readPicture(reader)
        try readSources(reader)
        try readNSFW(reader, isAllowed: allowsNSFW)
        model = try reader.name(.model, scalarsMax: Field.modelScalarsMax)
        providers = try reader.providers(known: known)
        choose = try reader.choice(.route)
        isLenient = try reader.truth(.lenient) ?? false
        isFresh = try reader.truth(.fresh) ?? false
        variation = try reader.whole(.variation, in: Field.variations).map { Int($0) } ?? 0
    }

    private mutating func readPicture(_ reader: FieldReader) throws(AdmissionError) {
        request.kind = try reader.choice(.kind) ?? .image
        request.negativePrompt = try reader.text(.negativePrompt, scalarsMax: Field.promptScalarsMax)
        request.width = try reader.size(.width)
        request.height = try reader.size(.height)
        request.steps = try reader.whole(.steps, in: Field.stepCounts).map { Int($0) }
        request.guidanceScale = try reader.number(.guidanceScale, in: Field.guidanceScales)
        request.seed = try reader.whole(.seed, in: Field.seeds).map { UInt32($0) }
        request.scheduler = try reader.name(.scheduler, scalarsMax: Field.schedulerScalarsMax)
        request.loras = try reader.loras()
        request.checksSafety = try reader.truth(.safety)
        request.duration = try reader.number(.duration, in: Field.durations)
        guard request.duration == nil || request.kind == .video else {
            throw .field(.duration, "is only for videos; leave it out, or add \"kind\": \"video\"", isWhole: true)
        }
    }

    private mutating func readNSFW(_ reader: FieldReader, isAllowed: Bool) throws(AdmissionError) {
        let nsfw = try reader.truth(.nsfw)
        if !isAllowed {
            if nsfw == true { throw .notAllowed(.nsfw, "is true") }
            if request.checksSafety == false { throw .notAllowed(.safety, "is false") }
        }
        guard !isAllowed || nsfw == false, request.checksSafety != true else { return }
        request.checksSafety = true
        checksWhereItCan = true
    }

    private mutating func readSources(_ reader: FieldReader) throws(AdmissionError) {
        request.image = try reader.picture(.image)
        request.mask = try reader.picture(.mask)
        request.strength = try reader.number(.strength, in: Field.strengths)
        guard request.image == nil else { return }
        for field in [Field.mask, .strength] where reader.has(field) {
            throw .field(field, "needs an image; send one as image, or leave it out", isWhole: true)
        }
    }

    /// Checks one field of a preset.
    static func check(
        _ name: String,
        _ value: JSONValue,
        providers: [String]
    ) throws(AdmissionError) {
        let known = Field.allCases.filter { !Field.besidesPresets.contains($0) }.map(\.rawValue)
        guard known.contains(name) else {
            throw AdmissionError(
                code: "bad_preset",
                field: name,
                "a preset cannot set this: \(notOne(name, of: known))"
            )
        }
        var fields: JSONObject = ["prompt": "x"]
        fields[name] = value
        // What such a field needs may come with the request.
        if name == "strength" {
            fields["image"] = .string(FieldReader.picturePrefix + String(repeating: "0", count: 64))
        }
        if name == "duration" { fields["kind"] = "video" }
        _ = try RequestFields(fields, presets: [:], known: providers)
    }
}
