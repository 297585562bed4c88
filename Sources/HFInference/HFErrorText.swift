// The sentence inside an error answer, whatever form it has: JSON of several shapes, plain text, or nothing of use.
internal import JSON
internal import Providers

enum HFErrorText {
    /// Only this much of an error body is looked at.
    static let bytesMax = 64 << 10
    private static let listMax = 5

    /// What the server says, on one line, bounded, without the token; nil where it says nothing that people can read.
    static func read(_ reply: ProviderReply, token: HFToken?) -> String? {
        // The Hub writes its refusals into a header, which its own client prefers to the body.
        let candidates = [{ reply.header("X-Error-Message") }, { inBody(reply.body) }]
        for candidate in candidates {
            if let text = candidate().flatMap({ SaidText.line($0, hiding: token?.key, cleaned: hideTokens) }) {
                return text
            }
        }
        return nil
    }

    private static func inBody(_ body: [UInt8]) -> String? {
        let start = body.prefix(bytesMax).drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
        if let value = try? JSONValue.parse([UInt8](body.prefix(bytesMax))) { return inJSON(value) }
        // A page of HTML is the proxy's and tells people nothing; JSON that cannot be read is no sentence either.
        guard let first = start.first, ![UInt8(ascii: "<"), UInt8(ascii: "{"), UInt8(ascii: "[")].contains(first) else {
            return nil
        }
        let head = start.prefix(SaidText.scalarsMax * 4)
        // The cut may have gone through a character, which has at most 4 bytes.
        for cut in 0...(head.count < start.count ? 3 : 0) {
            if let text = String(validating: head.dropLast(cut), as: UTF8.self) { return text }
        }
        return nil
    }

    private static func inJSON(_ value: JSONValue) -> String? {
        guard value.object != nil else { return sentence(value) }
        var parts: [String] = []
        for key in ["error", "error_description", "errors", "detail", "message", "title"] {
            if let text = value[key].flatMap(sentence) {
                parts.append(text)
                break
            }
        }
        // A 500 of a model server says "unknown error" and gives the reason here.
        if let text = value["warnings"].flatMap(sentence) { parts.append(text) }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    /// A string; or the `message` or `msg` of an object; or a list of either.
    private static func sentence(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): return text.isEmpty ? nil : text
        case .object(let object):
            for key in ["message", "msg", "detail"] {
                if let text = object[key]?.string, !text.isEmpty { return text }
            }
            return nil
        case .array(let list):
            let texts = list.prefix(listMax).compactMap { item in item.array == nil ? sentence(item) : nil }
            return texts.isEmpty ? nil : texts.joined(separator: "; ")
        default: return nil
        }
    }

    /// Hides whatever looks like a Hugging Face token, also one that is not ours.
    private static func hideTokens(_ text: String) -> String {
        var clean: [UInt8] = []
        var bytes = [UInt8](text.utf8)[...]
        while let byte = bytes.first {
            if bytes.starts(with: "hf_".utf8) {
                let length = bytes.dropFirst(3).prefix { isWord($0) }.count
                if length >= 8 {
                    clean += "[hidden]".utf8
                    bytes = bytes.dropFirst(3 + length)
                    continue
                }
            }
            clean.append(byte)
            bytes = bytes.dropFirst()
        }
        return String(decoding: clean, as: UTF8.self)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
