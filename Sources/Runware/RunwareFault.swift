// One error of an answer, in any of the shapes that Runware sends.
internal import JSON

/// An entry of `errors`, the `error` of an answer, or the one inside a result.
struct RunwareFault: Sendable, Equatable {
    var code = ""
    var message = ""
    /// By Runware's names. Limits across fields come with several.
    var parameters: [String] = []
    var taskUUID: String?
    /// Whether it stood inside a result of the task.
    var isInside = false
    private var min: String?
    private var max: String?
    private var multiplier: String?
    private var allowed: [String] = []

    static let listMax = 12

    init() {}

    init(_ value: JSONValue, inside taskUUID: String? = nil) {
        self.taskUUID = taskUUID ?? value["taskUUID"]?.string
        isInside = taskUUID != nil
        if let text = value.string {
            message = text
            return
        }
        code = value["code"].flatMap(Self.text) ?? ""
        message = ["message", "error", "detail"].compactMap { value[$0]?.string }.first ?? ""
        parameters = Self.texts(value["parameter"] ?? value["parameters"])
        min = value["min"].flatMap(Self.number)
        max = value["max"].flatMap(Self.number)
        multiplier = value["multiplier"].flatMap(Self.number)
        allowed = Self.texts(value["allowedValues"])
    }

    var errorClass: RunwareErrorClass { RunwareErrorClass(code: code) }

    /// What would be taken, as far as the error tells: "from 128 to 2048, a multiple of 64".
    var limits: String? {
        var parts: [String] = []
        switch (min, max) {
        case (let min?, let max?): parts.append("from \(min) to \(max)")
        case (let min?, nil): parts.append("at least \(min)")
        case (nil, let max?): parts.append("at most \(max)")
        case (nil, nil): break
        }
        if let multiplier, multiplier != "1" { parts.append("a multiple of \(multiplier)") }
        if !allowed.isEmpty { parts.append("one of \(allowed.joined(separator: ", "))") }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// The parameters by the names that callers use.
    var callersNames: [String] { parameters.map { Self.names[$0] ?? $0 } }

    private static let names = [
        "positivePrompt": "prompt", "negativePrompt": "negative_prompt", "CFGScale": "guidance_scale",
        "seedImage": "image", "inputs.seedImage": "image", "maskImage": "mask", "inputs.maskImage": "mask",
        "frameImages": "image", "inputs.frameImages": "image", "lora": "loras", "checkNSFW": "safety",
    ]

    private static func texts(_ value: JSONValue?) -> [String] {
        switch value {
        case .array(let list): list.prefix(listMax).compactMap(text)
        case let value?: text(value).map { [$0] } ?? []
        case nil: []
        }
    }

    private static func text(_ value: JSONValue) -> String? {
        if let text = value.string { return text.isEmpty ? nil : text }
        return number(value)
    }

    private static func number(_ value: JSONValue) -> String? {
        value.integer.map { String($0) } ?? value.double.map { "\($0)" }
    }
}
