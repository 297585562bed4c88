// Decides whether a request becomes a job, and makes of it what the job will do.
internal import HFInference
internal import JSON
internal import Providers
internal import Sandbox

/// The check of a generate request. Pure: the same request and settings give the same answer.
struct Admission {
    /// Used where a request names none.
    var defaultProvider: GenerateInput.ProviderName
    var defaultModel: String
    /// What each provider says about being used now.
    var readiness: [GenerateInput.ProviderName: ProviderReadiness] = [:]

    struct Admitted: Equatable {
        let input: GenerateInput
        /// Whether a cached picture is not wanted.
        let isFresh: Bool
    }

    /// - Parameter target: path and query, as asked.
    func admit(
        method: String,
        target: String,
        contentType: String?,
        body: [UInt8]
    ) throws(AdmissionError) -> Admitted {
        let isQuery = method == "GET" || method == "HEAD"
        let fields =
            isQuery ? try QueryFields.read(target: target) : try BodyFields.read(body, contentType: contentType)
        return try admit(fields)
    }

    func admit(_ fields: JSONObject) throws(AdmissionError) -> Admitted {
        for name in fields.keys where Field(rawValue: name) == nil { throw .unknown(name) }
        let reader = FieldReader(fields: fields)

        guard let prompt = try reader.text(.prompt, scalarsMax: Field.promptScalarsMax) else {
            throw .field(.prompt, fields["prompt"]?.string == nil ? "is missing" : "is empty")
        }
        let provider = try provider(reader)
        var request = ImageRequest(prompt: prompt)
        request.negativePrompt = try reader.text(.negativePrompt, scalarsMax: Field.promptScalarsMax)
        request.model = try model(reader, provider)
        request.width = try reader.size(.width)
        request.height = try reader.size(.height)
        request.steps = try reader.whole(.steps, in: Field.stepCounts).map { Int($0) }
        request.guidanceScale = try reader.number(.guidanceScale, in: Field.guidanceScales)
        request.seed = try reader.whole(.seed, in: Field.seeds).map { UInt32($0) }
        request.scheduler = try reader.name(.scheduler, scalarsMax: Field.schedulerScalarsMax)
        let isFresh = try reader.truth(.fresh) ?? false
        if provider == .sandbox {
            // The size that it draws anyway: asking for it by number is the same picture.
            request.width = request.width ?? Sandbox.usualSize
            request.height = request.height ?? Sandbox.usualSize
        }
        if case .notReady(let advice) = readiness[provider] {
            throw AdmissionError(
                status: 424,
                code: "provider_settings",
                field: "provider",
                "provider \(provider.rawValue) cannot be used now: \(advice)"
            )
        }
        return Admitted(input: GenerateInput(provider: provider, request: request), isFresh: isFresh)
    }

    private func provider(_ reader: FieldReader) throws(AdmissionError) -> GenerateInput.ProviderName {
        guard let name = try reader.name(.provider, scalarsMax: 40) else { return defaultProvider }
        guard let provider = GenerateInput.ProviderName(rawValue: name) else {
            throw .field(.provider, "is \"\(name)\"")
        }
        return provider
    }

    private func model(_ reader: FieldReader, _ provider: GenerateInput.ProviderName) throws(AdmissionError) -> String?
    {
        guard let name = try reader.name(.model, scalarsMax: Field.modelScalarsMax) else {
            return provider == .huggingface ? defaultModel : nil
        }
        guard provider == .huggingface else { return name }
        do {
            return try HFModelID(name).text
        } catch {
            throw .field(.model, "cannot be used: \(error.reason)")
        }
    }
}
