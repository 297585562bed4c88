// A request as handlers see it.
public import EdgeLoop

/// One request. Its body is read on demand.
public struct HTTPRequest: Sendable {
    /// The method as it was sent; methods are case-sensitive.
    public var method: String
    /// Path and query as they were sent, percent-encoded ("*" for OPTIONS *). A full URL in the request line is cut to this.
    public var target: String
    /// The fields. Host is that of the request line when that names one.
    public var headers: HTTPHeaders
    /// The body, to be read once.
    public var body: HTTPBodyReader
    /// Who sent it.
    public var peer: SocketAddress

    /// Makes a request, for tests and for requests that are handed on.
    public init(
        method: String,
        target: String,
        headers: HTTPHeaders = HTTPHeaders(),
        body: HTTPBodyReader,
        peer: SocketAddress = .unnamed
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.peer = peer
    }

    /// The target before the first question mark, percent-encoded.
    public var path: String { queryMark.map { String(target[..<$0]) } ?? target }

    /// What follows the first question mark, percent-encoded; nil without one.
    public var query: String? { queryMark.map { String(target[target.utf8.index(after: $0)...]) } }

    private var queryMark: String.Index? { target.utf8.firstIndex(of: Byte.question) }
}

extension HTTPRequest {
    /// Takes over a parsed head.
    init(_ head: HTTPHead, in bytes: Bytes, body: HTTPBodyReader, peer: SocketAddress) {
        let parts = head.targetParts
        let raw = bytes.part(head.target)
        let method = String(decoding: bytes.part(head.method), as: UTF8.self)
        var headers = HTTPHeaders(head.fields, in: bytes)
        var target = String(decoding: raw, as: UTF8.self)
        if let parts, parts.form == .absolute {
            // The URL's host decides, whatever Host says (RFC 9112, 3.2.2).
            headers["Host"] = String(decoding: raw.part(parts.authority), as: UTF8.self)
            target = String(decoding: raw.part(parts.path.lowerBound..<raw.count), as: UTF8.self)
            if parts.path.isEmpty { target = "/" + target }
        }
        self.init(method: method, target: target, headers: headers, body: body, peer: peer)
    }
}
