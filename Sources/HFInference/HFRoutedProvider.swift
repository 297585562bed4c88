// The providers behind the router that we speak, and what each can take.
internal import Providers

/// Who serves a model behind the router. Each has its own path, body and answer.
public enum HFRoutedProvider: String, Sendable, CaseIterable {
    case hfInference = "hf-inference"
    case falAI = "fal-ai"
    case nscale
    case novita
    case replicate
    case together
    case wavespeed
    case zaiOrg = "zai-org"

    /// Parameters that its requests have a place for; nil for a task that it does not do, or that we cannot ask it for.
    func parameters(for task: HFTask) -> Parameters? {
        let all: Parameters = [.negativePrompt, .width, .height, .steps, .guidanceScale, .seed, .scheduler]
        switch (self, task) {
        case (.hfInference, .textToImage), (.replicate, .textToImage): return all
        case (.hfInference, .imageToImage): return all.union([.image, .strength])
        case (.replicate, .imageToImage): return all.union([.image])
        case (.hfInference, .textToVideo), (.replicate, .textToVideo), (.wavespeed, .textToVideo):
            return [.negativePrompt, .steps, .guidanceScale, .seed]
        case (.falAI, .textToImage): return [.width, .height, .steps, .guidanceScale, .seed]
        case (.falAI, .imageToImage): return [.width, .height, .steps, .guidanceScale, .seed, .image]
        case (.falAI, .textToVideo), (.novita, .textToVideo): return [.steps, .guidanceScale, .seed]
        case (.falAI, .imageToVideo): return [.steps, .guidanceScale, .seed, .image]
        case (.nscale, .textToImage), (.zaiOrg, .textToImage): return [.width, .height]
        case (.together, .textToImage): return [.width, .height, .steps, .seed]
        case (.together, .textToVideo): return [.steps, .seed]
        case (.together, .imageToVideo): return [.steps, .seed, .image]
        case (.wavespeed, .textToImage): return all.subtracting([.scheduler])
        default: return nil
        }
    }

    static let bothSides = "width and height together, or none"

    /// Whether it takes a size whole or not at all.
    func needsBothSides(for task: HFTask) -> Bool {
        switch self {
        case .falAI, .nscale, .zaiOrg: true
        case .hfInference: task == .imageToImage
        default: false
        }
    }

    /// The request less a seed that its caller did not ask for, where there is no place for one.
    func withoutDrawnSeed(_ request: ImageRequest) -> ImageRequest {
        guard request.isSeedDrawn, parameters(for: HFTask(of: request))?.contains(.seed) != true else { return request }
        var request = request
        request.seed = nil
        return request
    }

    /// A part of a request that has no place here, and what could be asked for instead.
    struct Lack: Equatable {
        let parameter: Parameter
        let advice: String
    }

    /// What a request asks for and this provider has no place for. Leaving it out would make another picture than asked.
    func lacks(of request: ImageRequest) -> [Lack] {
        let (task, request) = (HFTask(of: request), withoutDrawnSeed(request))
        var lacks = ProviderAbilities(parameters(for: task) ?? []).lacks(of: request)
            .map { Lack(parameter: $0.parameter, advice: $0.advice) }
        if needsBothSides(for: task), (request.width == nil) != (request.height == nil) {
            let side = request.width == nil ? Parameter.height : .width
            if !lacks.contains(where: { $0.parameter == side }) {
                lacks.append(Lack(parameter: side, advice: Self.bothSides))
            }
        }
        return lacks
    }
}
