// Server-sent events as bytes.
internal import JSON

/// One event of a `text/event-stream` answer.
enum EventText {
    /// Sent when nothing has happened for a while, so that proxies and clients keep the stream: a comment, which clients ignore.
    static let heartbeat = Array(": heartbeat\n\n".utf8)

    /// Tells a client when to connect again, before the host ends the stream.
    static func retry(milliseconds: Int) -> [UInt8] { Array("retry: \(milliseconds)\n\n".utf8) }

    /// JSON text has no line break, so an event is three lines.
    static func event(_ name: String, _ data: JSONObject) -> [UInt8] {
        Array("event: \(name)\ndata: ".utf8) + data.encoded() + Array("\n\n".utf8)
    }
}
