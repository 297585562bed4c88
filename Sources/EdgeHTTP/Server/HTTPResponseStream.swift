// A streamed answer: the head goes with the first part, parts are framed, and the end is marked.
internal import EdgeLoop

@LoopActor
final class HTTPResponseStream: HTTPBodySink {
    private let response: HTTPResponse
    private let connection: HTTPConnection
    private let exchange: HTTPExchange
    private let framing: HTTPAnswerFraming
    private let length: Int?
    private var written = 0
    private(set) var headSent = false

    init(_ response: HTTPResponse, length: Int?, on connection: HTTPConnection, _ exchange: HTTPExchange) {
        self.response = response
        self.connection = connection
        self.exchange = exchange
        self.length = length
        if let length {
            framing = .length(length)
        } else if exchange.minorVersion > 0 {
            framing = .chunked
        } else {
            framing = .untilClose
            exchange.keepsAlive = false
        }
    }

    var isCongested: Bool { connection.outbox.isCongested }

    func drained() async throws { try await connection.outbox.drained() }

    func flushHead() throws {
        try check()
        guard !headSent else { return }
        HTTPBuffers.withScratch { bytes in
            appendHead(to: &bytes)
            bytes.withUnsafeBytes(connection.outbox.send)
        }
    }

    func writePart(_ part: [UInt8]) throws {
        try check()
        written += part.count
        if let length, written > length { throw HTTPLengthMismatch(declared: length, written: written) }
        HTTPBuffers.withScratch { bytes in
            appendHead(to: &bytes)
            if case .chunked = framing {
                bytes.append(hexadecimal: part.count)
                bytes.append("\r\n")
                bytes += part
                bytes.append("\r\n")
                bytes.withUnsafeBytes(connection.outbox.send)
            } else {
                bytes.withUnsafeBytes { connection.outbox.send($0, part) }
            }
        }
    }

    /// Marks the end.
    func finish() throws {
        try check()
        if let length, written < length { throw HTTPLengthMismatch(declared: length, written: written) }
        HTTPBuffers.withScratch { bytes in
            appendHead(to: &bytes)
            if case .chunked = framing { bytes.append("0\r\n\r\n") }
            bytes.withUnsafeBytes(connection.outbox.send)
        }
    }

    private func check() throws {
        guard connection.isCurrent(exchange), !connection.outbox.hasFailed else { throw HTTPBodyError.closed }
    }

    private func appendHead(to bytes: inout [UInt8]) {
        guard !headSent else { return }
        headSent = true
        bytes.append(
            head: response,
            framing: framing,
            connection: HTTPConnectionField(keepsAlive: exchange.keepsAlive, minorVersion: exchange.minorVersion),
            isHead: exchange.isHead,
            date: HTTPBuffers.date
        )
    }
}
