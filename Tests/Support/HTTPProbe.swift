// A client that sends exactly what a test says, well-formed or not.
public import EdgeLoop

/// One connection to a host under test.
@LoopActor
public final class HTTPProbe: SocketHandler {
    private let socket: Socket
    private var unsent: ArraySlice<UInt8> = []
    private var reader = ProbeReader()
    private var eventText = ""
    private let changes = Changes()
    /// The host has closed or broken the connection.
    public private(set) var isClosed = false

    public init(port: UInt16, address: String = "127.0.0.1") async throws {
        guard let ip = IPAddress(address) else { preconditionFailure("\(address) is no address") }
        socket = try await Socket.connect(to: .ip(ip, port: port))
        socket.handler = self
        socket.interest = [.read]
    }

    // MARK: Sending

    public func send(_ bytes: [UInt8]) {
        guard !isClosed else { return }
        unsent += bytes
        socket.interest.insert(.write)
    }

    public func send(_ text: String) { send(Array(text.utf8)) }

    /// A request with a Host, and a Content-Length when there is a body.
    public func request(
        _ method: String,
        _ target: String,
        _ headers: [(name: String, value: String)] = [],
        body: [UInt8]? = nil
    ) {
        var head = "\(method) \(target) HTTP/1.1\r\n"
        if !headers.contains(where: { $0.name.lowercased() == "host" }) { head += "Host: edge.test\r\n" }
        for header in headers { head += "\(header.name): \(header.value)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        send(Array((head + "\r\n").utf8) + (body ?? []))
    }

    /// Returns when the kernel has taken all that was to be sent.
    public func sent() async throws {
        try await changes.wait(for: "the host to take \(unsent.count) bytes") { unsent.isEmpty || isClosed }
    }

    /// No more will be sent; answers are still read.
    public func finishSending() async throws {
        try await sent()
        if !isClosed { socket.shutdownWrite() }
    }

    /// Closes the connection.
    public func leave() {
        guard !isClosed else { return }
        isClosed = true
        socket.close()
        changes.notify()
    }

    // MARK: Receiving

    /// The next whole answer; 1xx answers count as answers.
    public func answer(toHead: Bool = false) async throws -> ProbeAnswer {
        var answer = try await head(toHead: toHead)
        while let piece = try await piece() { answer.body += piece }
        return answer
    }

    /// The next answer that is not interim: a host that waits long sends "100 Continue" to see whether its client is there.
    public func finalAnswer() async throws -> ProbeAnswer {
        while true {
            let answer = try await answer()
            if answer.status >= 200 { return answer }
        }
    }

    /// The next answer's head; read its body with ``piece()`` or ``event()``.
    public func head(toHead: Bool = false) async throws -> ProbeAnswer {
        var answer: ProbeAnswer?
        try await changes.wait(for: "an answer") {
            answer = try reader.nextHead(isAnswerToHead: toHead)
            if answer == nil, isClosed { throw ConnectionEnded(received: reader.rest) }
            return answer != nil
        }
        return answer ?? ProbeAnswer()
    }

    /// More of the body; nil at its end.
    public func piece() async throws -> [UInt8]? {
        var result: [UInt8]?
        try await changes.wait(for: "more of the answer's body") {
            switch try reader.nextPiece(isClosed: isClosed) {
            case .bytes(let bytes): result = bytes
            case .end: break
            case .missing: return false
            }
            return true
        }
        return result
    }

    /// The next event of a stream; nil at its end.
    public func event() async throws -> ProbeEvent? {
        while true {
            if let end = eventText.firstRange(of: "\n\n") {
                let event = ProbeEvent(String(eventText[..<end.lowerBound]))
                eventText = String(eventText[end.upperBound...])
                return event
            }
            guard let piece = try await piece() else { return nil }
            eventText += String(decoding: piece, as: UTF8.self)
        }
    }

    /// Returns when the host has closed the connection; gives what it sent before.
    @discardableResult
    public func closed(atMost limit: Duration = Changes.patience) async throws -> [UInt8] {
        try await changes.wait(for: "the host to close the connection", atMost: limit) { isClosed }
        return reader.rest
    }

    /// The bytes that have come and are no part of an answer that was read.
    public var unread: [UInt8] { reader.rest }

    // MARK: SocketHandler

    public func socketReadable() {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        switch buffer.withUnsafeMutableBytes({ socket.read(into: $0) }) {
        case .bytes(let count): reader.take(buffer[0..<count])
        case .wouldBlock: return
        case .end, .failed:
            isClosed = true
            socket.close()
        }
        changes.notify()
    }

    public func socketWritable() {
        switch unsent.withUnsafeBytes({ socket.write($0) }) {
        case .bytes(let count): unsent = unsent.dropFirst(count)
        case .wouldBlock: return
        case .failed, .end: unsent = []  // what the host has said before is still to be read
        }
        if unsent.isEmpty {
            socket.interest.remove(.write)
            changes.notify()
        }
    }

    public func socketPeerFinished() {}

    /// What the host has said before it broke the connection is still there.
    public func socketFailed() {
        guard !isClosed else { return }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while case .bytes(let count) = buffer.withUnsafeMutableBytes({ socket.read(into: $0) }) {
            reader.take(buffer[0..<count])
        }
        isClosed = true
        socket.close()
        changes.notify()
    }
}

/// The host closed a connection that owed an answer.
public struct ConnectionEnded: Error, CustomStringConvertible {
    let received: [UInt8]
    public var description: String {
        "the connection ended without an answer; before that came \(received.count) bytes: \(String(decoding: received.prefix(400), as: UTF8.self))"
    }
}
