// The fields that a generate request may have, and what each may hold.
internal import EdgeFunction
internal import Providers

enum Field: String, CaseIterable {
    case prompt, model, width, height, steps, seed, scheduler, provider, fresh
    case negativePrompt = "negative_prompt"
    case guidanceScale = "guidance_scale"
    case image, mask, strength, loras, safety, nsfw, kind, duration, preset, route, lenient, variation

    /// What it may hold, as a message says it.
    var allowed: String {
        switch self {
        case .prompt: "1 to \(Self.promptScalarsMax) characters after trimming"
        case .negativePrompt: "text of at most \(Self.promptScalarsMax) characters"
        case .model: "an alias such as flux-schnell, or a provider's own id such as black-forest-labs/FLUX.1-schnell"
        case .width, .height: "a multiple of 8 from \(Self.sizes.lowerBound) to \(Self.sizes.upperBound)"
        case .steps: "a whole number from \(Self.stepCounts.lowerBound) to \(Self.stepCounts.upperBound)"
        case .guidanceScale: "a number from 0 to 30"
        case .seed: "a whole number from 0 to \(UInt32.max)"
        case .scheduler: "a scheduler name of at most \(Self.schedulerScalarsMax) characters"
        case .provider: "\(KnownProviders.names.joined(separator: ", ")), or a list of them"
        case .image, .mask:
            "a PNG, JPEG or WebP: a data URI, the URL of an image of this host, or a file of a multipart/form-data form"
        case .strength: "a number from 0 to 1"
        case .loras: "a list of at most \(Self.lorasMax) objects with a model and a weight from -4 to 4"
        case .kind: ImageRequest.Kind.allCases.map(\.rawValue).joined(separator: " or ")
        case .duration: "a number of seconds from 1 to 60"
        case .variation: "a whole number from 0 to \(Self.variations.upperBound)"
        case .preset: "the name of a preset of the settings file"
        case .route: Self.list(Lane.Choice.allCases.map(\.rawValue))
        case .fresh, .safety, .nsfw, .lenient: "true or false"
        }
    }

    /// What a preset may not set: it would be the same picture for all.
    static let besidesPresets: Set<Field> = [.prompt, .image, .mask, .preset, .fresh, .variation]

    static let promptScalarsMax = 2000
    static let modelScalarsMax = 200
    static let schedulerScalarsMax = 100
    static let lorasMax = 8
    static let sizes: ClosedRange<Int64> = 64...2048
    static let stepCounts: ClosedRange<Int64> = 1...150
    static let guidanceScales: ClosedRange<Double> = 0...30
    static let strengths: ClosedRange<Double> = 0...1
    static let loraWeights: ClosedRange<Double> = -4...4
    static let durations: ClosedRange<Double> = 1...60
    static let variations: ClosedRange<Int64> = 0...99
    static let seeds: ClosedRange<Int64> = 0...Int64(UInt32.max)

    private static func list(_ names: [String]) -> String {
        names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
    }
}
