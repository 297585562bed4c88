// The head of one message, parsed in place: positions in the receive buffer, no copies, storage that is used again.

/// One field line of a head: where its name and its trimmed value are in the buffer.
struct HTTPField: Equatable {
    var nameStart: UInt32
    var nameCount: UInt32
    var valueStart: UInt32
    var valueCount: UInt32

    @inline(__always)
    var name: Range<Int> { Int(nameStart)..<Int(nameStart) &+ Int(nameCount) }

    @inline(__always)
    var value: Range<Int> { Int(valueStart)..<Int(valueStart) &+ Int(valueCount) }
}

/// A request or response head, as far as it has been read. Feed it the buffer from its start each time more has come:
/// it goes on at the first line that it has not finished. All positions count from the start of that buffer.
final class HTTPHead {
    enum Outcome: Equatable {
        case incomplete
        /// The head ends before this position; the body or the next message begins there.
        case complete(Int)
    }

    /// Of the start line: the message begins here, after the empty lines that RFC 9112 (2.2) tells to skip.
    var start = 0
    var method = 0..<0
    var target = 0..<0
    var targetParts: HTTPTarget?
    var status = 0
    var reasonPhrase = 0..<0
    /// 0 or 1, of HTTP/1.x.
    var minorVersion = 1

    /// The field lines in order.
    private(set) var fields: [HTTPField] = []
    /// The value of Host, where there is one.
    private(set) var host: Range<Int>?
    var body = HTTPFraming.Body.none
    private(set) var framing = HTTPFraming()
    private(set) var saysClose = false
    private(set) var saysKeepAlive = false
    /// Whether the client waits for "100 Continue" before it sends the body.
    private(set) var expectsContinue = false

    private var next = 0
    private var startLineDone = false

    init() { fields.reserveCapacity(32) }

    /// Whether the connection may carry another message after this one.
    var keepsAlive: Bool { !saysClose && (minorVersion > 0 || saysKeepAlive) }

    /// Forgets the message and keeps the storage.
    func reset() {
        start = 0
        fields.removeAll(keepingCapacity: true)
        targetParts = nil
        host = nil
        body = .none
        framing = HTTPFraming()
        saysClose = false
        saysKeepAlive = false
        expectsContinue = false
        next = 0
        startLineDone = false
    }

    /// Reads on in `bytes`, which begin with what was given before.
    /// - Parameter limit: the largest head in bytes, the empty lines before it included.
    func parseRequest(_ bytes: Bytes, limit: Int) throws(HTTPRefusal) -> Outcome {
        let visible = bytes.count > limit ? bytes.part(0..<limit) : bytes
        if !startLineDone {
            guard try skipEmptyLines(visible), let end = try readRequestLine(visible, from: start) else {
                if visible.count >= limit {
                    throw HTTPRefusal(
                        status: 414,
                        reason: "the request line is longer than the \(limit) bytes a head may have"
                    )
                }
                return .incomplete
            }
            next = end
            startLineDone = true
        }
        guard let end = try readFields(visible, limit: limit) else { return .incomplete }
        if host == nil, minorVersion > 0 { throw .malformed("Host is missing; HTTP/1.1 requires it") }
        body = try framing.requestBody(minorVersion: minorVersion)
        if minorVersion == 0 || body == .none { expectsContinue = false }
        return .complete(end)
    }

    /// As ``parseRequest(_:limit:)``, for an answer.
    /// - Parameter toHead: whether the request was HEAD, whose answer has no body whatever it says.
    func parseResponse(_ bytes: Bytes, limit: Int, toHead: Bool) throws(HTTPRefusal) -> Outcome {
        let visible = bytes.count > limit ? bytes.part(0..<limit) : bytes
        if !startLineDone {
            guard let end = try readStatusLine(visible) else {
                if visible.count >= limit { throw tooLarge(limit) }
                return .incomplete
            }
            next = end
            startLineDone = true
        }
        guard let end = try readFields(visible, limit: limit) else { return .incomplete }
        body = toHead ? .none : try framing.responseBody(status: status, minorVersion: minorVersion)
        return .complete(end)
    }

    private func tooLarge(_ limit: Int) -> HTTPRefusal {
        HTTPRefusal(status: 431, reason: "the head is larger than \(limit) bytes")
    }

    private func skipEmptyLines(_ bytes: Bytes) throws(HTTPRefusal) -> Bool {
        while start < bytes.count {
            guard bytes[start] == Byte.carriageReturn else { return true }
            guard start + 1 < bytes.count else { return false }
            guard bytes[start + 1] == Byte.lineFeed else { throw .malformed("a CR without LF") }
            start += 2
        }
        return false
    }

    /// The position after the empty line that ends the head, or nil when that has not come yet.
    private func readFields(_ bytes: Bytes, limit: Int) throws(HTTPRefusal) -> Int? {
        while next < bytes.count {
            if bytes[next] == Byte.carriageReturn {
                guard next + 1 < bytes.count else { break }
                guard bytes[next + 1] == Byte.lineFeed else { throw .malformed("a CR without LF") }
                return next + 2
            }
            guard let line = try HTTPFieldLine.read(bytes, from: next) else { break }
            fields.append(line.field)
            try note(line.field, in: bytes)
            next = line.end
        }
        if bytes.count >= limit { throw tooLarge(limit) }
        return nil
    }

    /// Keeps what the connection itself must know of a field.
    @inline(__always)
    private func note(_ field: HTTPField, in bytes: Bytes) throws(HTTPRefusal) {
        switch field.nameCount {
        case 4:
            guard bytes.part(field.name).equalsLowercase("host") else { return }
            guard host == nil else { throw .malformed("Host is there twice") }
            guard HTTPAuthority.isValidHost(bytes.part(field.value)) else {
                throw .malformed("Host is not a valid host name or address with an optional port")
            }
            host = field.value
        case 6:
            guard bytes.part(field.name).equalsLowercase("expect") else { return }
            if bytes.part(field.value).equalsLowercase("100-continue") { expectsContinue = true }
        case 10:
            guard bytes.part(field.name).equalsLowercase("connection") else { return }
            noteConnection(bytes.part(field.value))
        case 14:
            guard bytes.part(field.name).equalsLowercase("content-length") else { return }
            try framing.contentLength(bytes.part(field.value))
        case 17:
            guard bytes.part(field.name).equalsLowercase("transfer-encoding") else { return }
            try framing.transferEncoding(bytes.part(field.value))
        default:
            return
        }
    }

    private func noteConnection(_ value: Bytes) {
        HTTPList.forEachMember(value) { member in
            if member.equalsLowercase("close") { saysClose = true }
            if member.equalsLowercase("keep-alive") { saysKeepAlive = true }
        }
    }
}
