// What Runware takes for no model at all: refused before anybody is asked. What one model takes, only Runware knows.
internal import Providers

enum RunwareMistake {
    /// The widest limits of all that is documented; each model's own ones come with its refusal.
    static let promptScalars = 1...10_000
    static let side = 128...16_383
    static let steps = 1...100
    static let guidance = 0.0...50.0
    static let lorasMax = 20
    static let durationMax = 600.0

    /// What a video has no place for.
    private static let imageOnly: [Parameter] = [
        .negativePrompt, .steps, .guidanceScale, .scheduler, .mask, .strength, .loras, .safety,
    ]

    /// What is wrong with a request, and what to do; nil: nothing that is known here.
    static func text(in request: ImageRequest) -> String? {
        let given = request.given
        if request.kind == .video, let first = imageOnly.first(where: given.contains) {
            return
                "a video by Runware cannot take \(first.rawValue): it takes width, height, seed, image, duration; leave out the rest"
        }
        if request.kind == .image, given.contains(.duration) {
            return "an image cannot take duration: leave it out, or ask for a video"
        }
        if request.image == nil {
            if request.mask != nil { return "mask says where a picture may change: give image as well" }
            if request.strength != nil { return "strength says how far from a picture to go: give image as well" }
        }
        let checks: [(name: String, isGood: Bool, advice: String)] = [
            (
                "prompt", isFit(request.prompt),
                "\(promptScalars.lowerBound) to \(promptScalars.upperBound) characters"
            ),
            (
                "negative_prompt", request.negativePrompt.map(isFit) ?? true,
                "\(promptScalars.lowerBound) to \(promptScalars.upperBound) characters"
            ),
            ("width", request.width.map(side.contains) ?? true, "\(side.lowerBound) to \(side.upperBound)"),
            ("height", request.height.map(side.contains) ?? true, "\(side.lowerBound) to \(side.upperBound)"),
            ("steps", request.steps.map(steps.contains) ?? true, "\(steps.lowerBound) to \(steps.upperBound)"),
            ("guidance_scale", request.guidanceScale.map(guidance.contains) ?? true, "0 to 50"),
            ("seed", request.seed != 0, "1 or more; leave it out for a random one"),
            ("strength", request.strength.map((0.0...1.0).contains) ?? true, "0 to 1"),
            ("duration", request.duration.map { $0 > 0 && $0 <= durationMax } ?? true, "up to \(Int(durationMax)) s"),
            ("loras", request.loras.count <= lorasMax, "at most \(lorasMax)"),
            ("loras", !request.loras.contains { !$0.weight.isFinite }, "a number as weight"),
        ]
        if let wrong = checks.first(where: { !$0.isGood }) {
            return "\(wrong.name) is not what Runware takes: \(wrong.advice)"
        }
        for lora in request.loras {
            do { _ = try RunwareModel(lora.model) } catch { return "a LoRA cannot be used: \(error)" }
        }
        return nil
    }

    private static func isFit(_ prompt: String) -> Bool { promptScalars.contains(prompt.unicodeScalars.count) }
}
