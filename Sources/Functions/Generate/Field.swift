// The fields that a generate request may have, and what each may hold.

enum Field: String, CaseIterable {
    case prompt, model, width, height, steps, seed, scheduler, provider, fresh
    case negativePrompt = "negative_prompt"
    case guidanceScale = "guidance_scale"

    /// What it may hold, as a message says it.
    var allowed: String {
        switch self {
        case .prompt: "1 to \(Self.promptScalarsMax) characters after trimming"
        case .negativePrompt: "text of at most \(Self.promptScalarsMax) characters"
        case .model: "a model name such as black-forest-labs/FLUX.1-schnell"
        case .width, .height: "a multiple of 8 from \(Self.sizes.lowerBound) to \(Self.sizes.upperBound)"
        case .steps: "a whole number from \(Self.stepCounts.lowerBound) to \(Self.stepCounts.upperBound)"
        case .guidanceScale: "a number from 0 to 30"
        case .seed: "a whole number from 0 to \(UInt32.max)"
        case .scheduler: "a scheduler name of at most \(Self.schedulerScalarsMax) characters"
        case .provider: "huggingface or sandbox"
        case .fresh: "true or false"
        }
    }

    static let promptScalarsMax = 2000
    static let modelScalarsMax = 200
    static let schedulerScalarsMax = 100
    static let sizes: ClosedRange<Int64> = 64...2048
    static let stepCounts: ClosedRange<Int64> = 1...150
    static let guidanceScales: ClosedRange<Double> = 0...30
    static let seeds: ClosedRange<Int64> = 0...Int64(UInt32.max)
}
