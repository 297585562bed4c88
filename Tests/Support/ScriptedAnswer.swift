// What a scripted upstream does with one request, as exact bytes and events.

/// The wire answer to one request: steps that are taken in order. After the last one the connection stays open for the next
/// request, unless a step ended it.
public struct ScriptedAnswer: Sendable {
    public enum Step: Sendable {
        case send([UInt8])
        /// Goes on when the test opens the gate.
        case wait(Gate)
        case pause(Duration)
        /// A proper end of the connection.
        case close
        /// A broken connection: the peer gets ECONNRESET.
        case reset
    }

    public var steps: [Step]

    public init(_ steps: [Step]) { self.steps = steps }

    /// A whole answer with a Content-Length.
    public static func status(_ status: Int, headers: [(String, String)] = [], body: [UInt8] = []) -> ScriptedAnswer {
        let fields = headers.map { "\($0): \($1)\r\n" }.joined()
        let head = "HTTP/1.1 \(status) Scripted\r\nContent-Length: \(body.count)\r\n\(fields)\r\n"
        return ScriptedAnswer([.send(Array(head.utf8) + body)])
    }

    /// A whole answer with a JSON body.
    public static func json(_ status: Int = 200, _ text: String, headers: [(String, String)] = []) -> ScriptedAnswer {
        .status(status, headers: [("Content-Type", "application/json")] + headers, body: Array(text.utf8))
    }

    /// A whole answer of some media type.
    public static func bytes(_ bytes: [UInt8], type: String) -> ScriptedAnswer {
        .status(200, headers: [("Content-Type", type)], body: bytes)
    }

    /// Exactly this, whatever it is.
    public static func wire(_ text: String) -> ScriptedAnswer { ScriptedAnswer([.send(Array(text.utf8))]) }

    /// Breaks the connection without an answer.
    public static let reset = ScriptedAnswer([.reset])

    /// Closes the connection without an answer.
    public static let close = ScriptedAnswer([.close])

    /// Reads the request and never answers.
    public static let silence = ScriptedAnswer([])

    /// The same answer, held back until the test opens the gate.
    public func after(_ gate: Gate) -> ScriptedAnswer { ScriptedAnswer([.wait(gate)] + steps) }

    /// The same answer, later.
    public func after(_ time: Duration) -> ScriptedAnswer { ScriptedAnswer([.pause(time)] + steps) }

    /// Its first bytes only, then the end of the connection.
    public func truncated(to count: Int, reset: Bool = false) -> ScriptedAnswer {
        ScriptedAnswer([.send(Array(wireBytes.prefix(count))), reset ? .reset : .close])
    }

    /// Its bytes up to `count`, then the rest when the gate opens.
    public func split(at count: Int, by gate: Gate) -> ScriptedAnswer {
        ScriptedAnswer([
            .send(Array(wireBytes.prefix(count))), .wait(gate), .send(Array(wireBytes.dropFirst(count))),
        ])
    }

    /// A few bytes at a time, with a pause before each piece but the first.
    public func dripping(_ count: Int, every pause: Duration) -> ScriptedAnswer {
        let bytes = wireBytes
        return ScriptedAnswer(
            stride(from: 0, to: bytes.count, by: count).flatMap { start -> [Step] in
                let piece = Step.send(Array(bytes[start..<min(start + count, bytes.count)]))
                return start == 0 ? [piece] : [.pause(pause), piece]
            }
        )
    }

    /// All bytes that it sends.
    public var wireBytes: [UInt8] {
        steps.flatMap { step -> [UInt8] in if case .send(let bytes) = step { bytes } else { [] } }
    }
}
