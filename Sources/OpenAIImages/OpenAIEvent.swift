// What an event of an image stream is, by its data (facts/openai-images.md 5).
internal import JSON
internal import Providers

/// The events of `images/generations` and `images/edits` alike.
enum OpenAIEvent: Equatable {
    case partial
    case completed
    case failed

    static func isStream(_ reply: ProviderReply) -> Bool {
        reply.header("content-type")?.lowercased().hasPrefix("text/event-stream") ?? false
    }

    /// Nil for what is none: another answer, or an event of a kind that is new.
    init?(_ document: JSONValue) {
        let type = document["type"]?.string ?? ""
        if type.hasSuffix(".partial_image") {
            self = .partial
        } else if type.hasSuffix(".completed") {
            self = .completed
        } else if type == "error" || document["error"].map({ !$0.isNull }) ?? false {
            self = .failed
        } else if type.isEmpty, document["data"]?.array?.first != nil {
            // Some servers put the usual answer into a stream. It is made, and may be paid.
            self = .completed
        } else {
            return nil
        }
    }
}
