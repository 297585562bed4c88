// The public paths that clients of other APIs know, and which function they mean.
internal import EdgeHTTP

/// One call of another API, told by its path.
package enum DialectCall: Equatable, Sendable {
    case openAIGenerate
    case openAIEdit
    case openAIModels
    case openAIModel(String)
    /// A path below `/v1` that is none of these.
    case openAIUnknown
    /// The model with its slash.
    case huggingFace(model: String)
}

/// A call of another API and the function that it is for.
package struct DialectMatch: Equatable, Sendable {
    package let call: DialectCall
    package let function: String
    /// The methods that it has, when the one that was used is none of them.
    package var allow: [String] = []
}

/// Which calls of other APIs this host answers, by the manifest's `speaks`.
struct DialectPaths: Sendable {
    private let openAI: String?
    private let huggingFace: String?

    init(_ manifest: Manifest) {
        openAI = manifest.functions.first { $0.speaks.contains(.openai) }?.name
        huggingFace = manifest.functions.first { $0.speaks.contains(.huggingface) }?.name
    }

    /// What a path means; nil when it is no other API's.
    func match(method: String, path: String) -> DialectMatch? {
        guard openAI != nil || huggingFace != nil else { return nil }
        return matchOpenAI(method, path) ?? matchHuggingFace(method, path)
    }

    /// In whose shape errors at this path are told.
    func dialect(of path: String, method: String) -> FunctionEntry.Dialect? {
        if path == "/v1" || path.hasPrefix("/v1/"), openAI != nil { return .openai }
        switch match(method: method, path: path)?.call {
        case nil: return nil
        case .huggingFace: return .huggingface
        default: return .openai
        }
    }

    /// The APIs whose own paths a route of functions.json would take.
    static func dialects(of route: String) -> [FunctionEntry.Dialect] {
        switch route.split(separator: "/").first {
        case "v1": [.openai]
        case "models": [.openai, .huggingface]
        case "hf-inference": [.huggingface]
        default: []
        }
    }

    // MARK: OpenAI

    private func matchOpenAI(_ method: String, _ path: String) -> DialectMatch? {
        guard let openAI else { return nil }
        let isBelow = path.hasPrefix("/v1/")
        let short = isBelow ? path.dropFirst(3) : path[...]
        let trimmed = short.hasSuffix("/") ? short.dropLast() : short
        let call: DialectCall
        var allowed = ["GET", "HEAD"]
        switch trimmed {
        case "/images/generations": (call, allowed) = (.openAIGenerate, ["POST"])
        case "/images/edits": (call, allowed) = (.openAIEdit, ["POST"])
        case "/models": call = .openAIModels
        case _ where trimmed.hasPrefix("/models/"):
            // Without /v1 a POST to a model is Hugging Face's.
            if !isBelow, huggingFace != nil, !allowed.contains(method) { return nil }
            guard let model = Self.model(trimmed.dropFirst("/models/".count)) else {
                return isBelow ? DialectMatch(call: .openAIUnknown, function: openAI) : nil
            }
            call = .openAIModel(model)
        default:
            guard isBelow || path == "/v1" else { return nil }
            return DialectMatch(call: .openAIUnknown, function: openAI)
        }
        return DialectMatch(call: call, function: openAI, allow: allowed.contains(method) ? [] : allowed)
    }

    // MARK: Hugging Face

    private func matchHuggingFace(_ method: String, _ path: String) -> DialectMatch? {
        guard let huggingFace else { return nil }
        for prefix in ["/models/", "/hf-inference/models/"] where path.hasPrefix(prefix) {
            guard let model = Self.model(path.dropFirst(prefix.count)) else { return nil }
            let call = DialectCall.huggingFace(model: model)
            return DialectMatch(call: call, function: huggingFace, allow: method == "POST" ? [] : ["POST"])
        }
        return nil
    }

    /// The longest model id, decoded.
    private static let modelBytesMax = 256

    /// A model's id from a path: `acme/painter`, also when its slash is encoded; nil for what is none.
    private static func model(_ path: Substring) -> String? {
        guard (1...modelBytesMax * 3).contains(path.utf8.count), let text = PercentText.decode(path),
            text.utf8.count <= modelBytesMax, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != 0x5c })
        else { return nil }
        let segments = text.split(separator: "/", omittingEmptySubsequences: false)
        return segments.contains { $0.isEmpty || $0 == "." || $0 == ".." } ? nil : text
    }
}
