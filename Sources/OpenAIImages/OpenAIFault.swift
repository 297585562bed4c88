// What an error answer says: OpenAI's envelope, the shapes that other servers have, or nothing of use.
internal import JSON
internal import Providers

/// The parts of an error body. All empty where it says nothing that can be read.
struct OpenAIFault: Equatable {
    var message = ""
    var type = ""
    var code = ""
    var param = ""

    /// Only this much of an error body is looked at.
    static let bytesMax = 64 << 10
    /// Codes are words: a longer one is none.
    private static let wordMax = 80

    init() {}

    init(_ body: [UInt8]) {
        let head = [UInt8](body.prefix(Self.bytesMax))
        if let value = try? JSONValue.parse(head) {
            read(value)
        } else {
            let start = head.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
            // A page of HTML is a proxy's and tells people nothing; JSON that cannot be read is no sentence either.
            guard let first = start.first, ![UInt8(ascii: "<"), UInt8(ascii: "{"), UInt8(ascii: "[")].contains(first),
                !start.contains(0)
            else { return }
            message = String(decoding: start, as: UTF8.self)
        }
    }

    private mutating func read(_ value: JSONValue) {
        let error = value["error"] ?? value
        switch error {
        case .string(let text): message = text
        case .object:
            message =
                error["message"]?.string ?? error["detail"].flatMap(Self.sentence) ?? value["message"]?.string ?? ""
            type = Self.word(error["type"])
            code = Self.word(error["code"])  // a number where a server repeats the status: tells nothing
            param = Self.word(error["param"])
        default: message = value["message"]?.string ?? value["detail"].flatMap(Self.sentence) ?? ""
        }
    }

    private static func word(_ value: JSONValue?) -> String {
        guard let text = value?.string, text.utf8.count <= wordMax,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return "" }
        return text
    }

    /// A string, or what the first entry of a list of complaints says.
    private static func sentence(_ value: JSONValue) -> String? {
        value.string ?? value.array?.first.flatMap { $0.string ?? $0["msg"]?.string ?? $0["message"]?.string }
    }

    /// Whether the code or the type is one of these: servers use one or the other.
    func isOne(of names: Set<String>) -> Bool { names.contains(code) || names.contains(type) }
}
