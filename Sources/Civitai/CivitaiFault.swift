// What an error answer says: problem+json, a bare JSON string, some text, or nothing of use.
internal import JSON

/// The parts of an error body. Empty where it says nothing that can be read, as a gateway's page of HTML.
struct CivitaiFault: Equatable {
    var message = ""
    /// The fields that are wrong, by the API's paths.
    var paths: [String] = []

    /// Only this much of an error body is looked at.
    static let bytesMax = 64 << 10
    static let listMax = 12

    init() {}

    init(_ body: [UInt8]) {
        let head = [UInt8](body.prefix(Self.bytesMax))
        if let value = try? JSONValue.parse(head) {
            read(value)
        } else {
            let start = head.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
            // A page tells people nothing; JSON that cannot be read is no sentence either.
            guard let first = start.first, !"<{[\"".utf8.contains(first), !start.contains(0) else { return }
            message = String(decoding: start, as: UTF8.self)
        }
    }

    private mutating func read(_ value: JSONValue) {
        if let text = value.string {
            message = text
            return
        }
        var parts: [String] = []
        func add(_ text: String?) { if let text, !text.isEmpty, !parts.contains(text) { parts.append(text) } }
        switch value["errors"] {
        case .object(let errors):
            for member in errors.members.prefix(Self.listMax) {
                if member.key != "messages" { paths.append(member.key) }
                for text in Self.texts(member.value) { add(text) }
            }
        case let errors?: for text in Self.texts(errors) { add(text) }
        case nil: break
        }
        for name in ["detail", "error", "message"] where value[name]?.string != nil { add(value[name]?.string) }
        // A title alone is better than nothing, and beside the rest it is none of use.
        if parts.isEmpty { add(value["title"]?.string) }
        message = parts.joined(separator: "; ")
    }

    private static func texts(_ value: JSONValue) -> [String] {
        switch value {
        case .string(let text): [text]
        case .array(let list): list.prefix(listMax).compactMap(\.string)
        default: []
        }
    }

    /// Whether the text holds one of these words, whatever their case.
    func says(_ words: String...) -> Bool {
        let lower = message.lowercased()
        return words.contains { lower.contains($0) }
    }

    /// The wrong fields by the names that callers use.
    var callersNames: [String] {
        paths.compactMap { path in
            let lower = path.lowercased()
            let start = lower.ranges(of: "input.").last?.upperBound ?? lower.startIndex
            let word = String(lower[start...].prefix { $0 != "." && $0 != "[" && $0 != "'" })
            return Self.names[word]
        }
    }

    private static let names = [
        "prompt": "prompt", "negativeprompt": "negative_prompt", "width": "width", "height": "height",
        "steps": "steps", "cfgscale": "guidance_scale", "seed": "seed", "scheduler": "scheduler", "model": "model",
        "additionalnetworks": "loras", "sourceimage": "image", "sourceimagedenoisestrenght": "strength",
    ]
}
