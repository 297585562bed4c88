// Why a message is refused before any handler sees it: the status that the client gets, and a sentence for its author.

/// A refusal by the server itself: malformed, too large, too slow, or no room.
public struct HTTPRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// The status to answer with: 400, 408, 413, 414, 431, 500, 501, 503 or 505.
    public let status: Int
    /// What is wrong with the message, or which limit it passed.
    public let reason: String

    /// Makes a refusal.
    public init(status: Int, reason: String) {
        self.status = status
        self.reason = reason
    }

    public var description: String { "\(status): \(reason)" }

    static func malformed(_ reason: String) -> HTTPRefusal { HTTPRefusal(status: 400, reason: reason) }
}
