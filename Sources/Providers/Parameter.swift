// The parts of a request that not every provider has a place for, by the names that callers use.

/// One part of an ``ImageRequest`` besides its prompt.
public enum Parameter: String, Sendable, Hashable, CaseIterable {
    case negativePrompt = "negative_prompt"
    case width, height, steps
    case guidanceScale = "guidance_scale"
    case seed, scheduler, image, mask, strength, loras, safety
    /// Seconds of a video.
    case duration
}

extension ImageRequest {
    /// The parts that were asked for.
    public var given: Parameters {
        var given = Parameters()
        if negativePrompt != nil { given.insert(.negativePrompt) }
        if width != nil { given.insert(.width) }
        if height != nil { given.insert(.height) }
        if steps != nil { given.insert(.steps) }
        if guidanceScale != nil { given.insert(.guidanceScale) }
        if seed != nil, !isSeedDrawn { given.insert(.seed) }
        if scheduler != nil { given.insert(.scheduler) }
        if image != nil { given.insert(.image) }
        if mask != nil { given.insert(.mask) }
        if strength != nil { given.insert(.strength) }
        if !loras.isEmpty { given.insert(.loras) }
        if checksSafety != nil { given.insert(.safety) }
        if duration != nil { given.insert(.duration) }
        return given
    }

    /// The request less one of its parts.
    public mutating func drop(_ parameter: Parameter) {
        switch parameter {
        case .negativePrompt: negativePrompt = nil
        case .width: width = nil
        case .height: height = nil
        case .steps: steps = nil
        case .guidanceScale: guidanceScale = nil
        case .seed: seed = nil
        case .scheduler: scheduler = nil
        case .image: image = nil
        case .mask: mask = nil
        case .strength: strength = nil
        case .loras: loras = []
        case .safety: checksSafety = nil
        case .duration: duration = nil
        }
    }
}
