// The providers behind the router that we speak, and what each can take.
internal import Providers

/// Who serves a model behind the router. Each has its own path, body and answer.
public enum HFRoutedProvider: String, Sendable, CaseIterable {
    case hfInference = "hf-inference"
    case nscale
    case together

    /// Parameters that its requests have a place for, by the names that callers use.
    var parameters: [String] {
        switch self {
        case .hfInference:
            ["negative_prompt", "width", "height", "steps", "guidance_scale", "seed", "scheduler"]
        case .nscale: ["width", "height"]
        case .together: ["width", "height", "steps", "seed"]
        }
    }

    /// The request less a seed that its caller did not ask for, where there is no place for one.
    func withoutDrawnSeed(_ request: ImageRequest) -> ImageRequest {
        guard request.isSeedDrawn, !parameters.contains("seed") else { return request }
        var request = request
        request.seed = nil
        return request
    }

    /// What a request asks for and this provider has no place for. Leaving it out would make another picture than asked.
    func unsupported(in request: ImageRequest) -> [String] {
        let given: [(String, Bool)] = [
            ("negative_prompt", request.negativePrompt != nil), ("width", request.width != nil),
            ("height", request.height != nil), ("steps", request.steps != nil),
            ("guidance_scale", request.guidanceScale != nil), ("seed", request.seed != nil),
            ("scheduler", request.scheduler != nil),
        ]
        return given.filter { $0.1 && !parameters.contains($0.0) }.map(\.0)
    }
}
