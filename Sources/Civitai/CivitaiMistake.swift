// What Civitai takes for no model at all: refused before anybody is asked. What one model takes, only Civitai knows.
internal import Providers

enum CivitaiMistake {
    static let promptScalars = 1...10_000
    static let side = 64...4084
    static let steps = 1...150
    static let guidance = 1.0...30.0
    static let lorasMax = 20

    /// What is wrong with a request, and what to do; nil: nothing that is known here.
    static func text(in request: ImageRequest) -> String? {
        let given = request.given
        guard request.kind == .image, !given.contains(.duration) else {
            return "Civitai is asked for images alone: ask for an image, or choose another provider"
        }
        if given.contains(.mask) {
            return "Civitai cannot take mask: leave it out, or choose another provider"
        }
        if request.image == nil, request.strength != nil {
            return "strength says how far from a picture to go: give image as well"
        }
        let checks: [(name: String, isGood: Bool, advice: String)] = [
            ("prompt", isFit(request.prompt), "1 to \(promptScalars.upperBound) characters"),
            (
                "negative_prompt", request.negativePrompt.map(isFit) ?? true,
                "1 to \(promptScalars.upperBound) characters"
            ),
            ("width", request.width.map(side.contains) ?? true, "\(side.lowerBound) to \(side.upperBound)"),
            ("height", request.height.map(side.contains) ?? true, "\(side.lowerBound) to \(side.upperBound)"),
            ("steps", request.steps.map(steps.contains) ?? true, "\(steps.lowerBound) to \(steps.upperBound)"),
            ("guidance_scale", request.guidanceScale.map(guidance.contains) ?? true, "1 to 30"),
            ("strength", request.strength.map((0.0...1.0).contains) ?? true, "0 to 1"),
            (
                "scheduler", request.scheduler.map { CivitaiScheduler.named($0) != nil } ?? true,
                "one of \(CivitaiScheduler.names.joined(separator: ", "))"
            ),
            ("loras", request.loras.count <= lorasMax, "at most \(lorasMax)"),
            ("loras", !request.loras.contains { !$0.weight.isFinite }, "a number as weight"),
            ("loras", Set(request.loras.map(\.model)).count == request.loras.count, "each LoRA once"),
        ]
        if let wrong = checks.first(where: { !$0.isGood }) {
            return "\(wrong.name) is not what Civitai takes: \(wrong.advice)"
        }
        for lora in request.loras {
            do { try CivitaiAIR.checkLora(lora.model) } catch { return "a LoRA cannot be used: \(error)" }
        }
        return nil
    }

    private static func isFit(_ prompt: String) -> Bool { promptScalars.contains(prompt.unicodeScalars.count) }
}
