// A finished image as OpenAI's clients are told of it.
internal import JSON

struct OpenAIImage: Sendable {
    let record: ImageRecord
    let handle: ImageHandle
    let cacheStatus: String
    private let facts: JSONObject

    init(_ record: ImageRecord, _ handle: ImageHandle, facts: JSONObject, cacheStatus: String) {
        self.record = record
        self.handle = handle
        self.facts = facts
        self.cacheStatus = cacheStatus
    }

    /// What the image is, whatever was asked for.
    var shape: JSONObject { Self.shape(type: record.type, width: record.width, height: record.height) }

    static func shape(type: String, width: Int?, height: Int?) -> JSONObject {
        var shape: JSONObject = [:]
        if let width, let height { shape["size"] = .string("\(width)x\(height)") }
        if type.hasPrefix("image/") { shape["output_format"] = .string(String(type.dropFirst("image/".count))) }
        return shape
    }

    var quality: String? { facts["quality"]?.string }
    var background: String? { facts["background"]?.string }

    /// What the provider counted, where it told all that belongs there. An image out of the cache has used nothing.
    var usage: JSONValue? {
        guard !cacheStatus.hasPrefix("edge; hit"), let usage = facts["usage"],
            ["input_tokens", "output_tokens", "total_tokens", "input_tokens_details"].allSatisfy({ usage[$0] != nil })
        else { return nil }
        return usage
    }

    /// The sum of what they used, where all tell it.
    static func usage(of images: [OpenAIImage]) -> JSONValue? {
        let told = images.compactMap(\.usage)
        guard let first = told.first, told.count == images.count else { return nil }
        return told.dropFirst().reduce(first, sum)
    }

    private static func sum(_ left: JSONValue, _ right: JSONValue) -> JSONValue {
        if let left = left.integer, let right = right.integer {
            let (sum, overflow) = left.addingReportingOverflow(right)
            return .integer(overflow ? .max : sum)
        }
        var both: JSONObject = [:]
        for member in left.object?.members ?? [] {
            if let other = right[member.key] { both[member.key] = sum(member.value, other) }
        }
        return .object(both)
    }

    /// What is told of all images of an answer, where it is the same.
    static func shared(_ words: [String?]) -> JSONValue? {
        guard let first = words.first, let word = first, words.allSatisfy({ $0 == word }) else { return nil }
        return .string(word)
    }
}
