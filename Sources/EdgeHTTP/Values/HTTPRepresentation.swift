// Conditional and range requests for what does not change while it is served (RFC 9110, 13 and 14).
public import CivilTime

/// Bytes with a validator: decides which part of them a request gets, or that it gets none.
public struct HTTPRepresentation: Sendable {
    /// What a GET or HEAD gets.
    public enum Selection: Equatable, Sendable {
        /// 200 with everything.
        case whole
        /// 206 with these bytes.
        case part(Range<Int>)
        /// 304: the client has it.
        case notModified
        /// 412: the client asked for another state of it.
        case preconditionFailed
        /// 416: no byte of what was asked for exists.
        case unsatisfiable
    }

    /// A strong entity tag with its quotes.
    public let etag: String
    /// When it last changed, to the second; nil when that is unknown.
    public let lastModified: Timestamp?
    /// The number of its bytes.
    public let count: Int

    /// - Parameter etag: the opaque part, without quotes; of visible ASCII characters other than `"`.
    public init(etag: String, lastModified: Timestamp? = nil, count: Int) {
        precondition(etag.utf8.allSatisfy { Byte.isVisible($0) && $0 != Byte.quote }, "\(etag) cannot be an entity tag")
        self.etag = "\"\(etag)\""
        self.lastModified = lastModified.map { Timestamp(milliseconds: $0.milliseconds / 1000 * 1000) }
        self.count = count
    }

    /// Evaluates the preconditions in the order of RFC 9110 (13.2.2), then Range. Several ranges at once are answered whole.
    public func select(method: String, headers: HTTPHeaders) -> Selection {
        if let tags = headers["if-match"] {
            guard HTTPEntityTags(tags).contains(etag, strongly: true) else { return .preconditionFailed }
        } else if let date = date(headers, "if-unmodified-since"), let lastModified, lastModified > date {
            return .preconditionFailed
        }
        let isRead = method == "GET" || method == "HEAD"
        if let tags = headers["if-none-match"] {
            if HTTPEntityTags(tags).contains(etag, strongly: false) {
                return isRead ? .notModified : .preconditionFailed
            }
        } else if isRead, let date = date(headers, "if-modified-since"), let lastModified, lastModified <= date {
            return .notModified
        }
        guard method == "GET", let range = headers["range"], mayUseRange(headers) else { return .whole }
        switch HTTPByteRange(range) {
        case nil: return .whole
        case let range?: return range.resolve(count: count).map { .part($0) } ?? .unsatisfiable
        }
    }

    /// The answer to `request`: 200, 206, 304, 412 or 416 with their fields.
    /// - Parameters:
    ///   - headers: what every answer says: Content-Type, Cache-Control, CORS.
    ///   - body: gives a part of the bytes, which for the whole is all of them.
    public func respond(
        to request: HTTPRequest,
        headers: HTTPHeaders,
        body: (Range<Int>) -> HTTPResponse.Body
    ) -> HTTPResponse {
        respond(to: select(method: request.method, headers: request.headers), headers: headers, body: body)
    }

    /// The answer for a selection that was made before.
    public func respond(
        to selection: Selection,
        headers: HTTPHeaders,
        body: (Range<Int>) -> HTTPResponse.Body
    ) -> HTTPResponse {
        var headers = headers
        headers["ETag"] = etag
        if let lastModified { headers["Last-Modified"] = lastModified.httpDate }
        headers["Accept-Ranges"] = "bytes"
        switch selection {
        case .whole:
            return HTTPResponse(status: 200, headers: headers, body: body(0..<count))
        case .part(let range):
            headers["Content-Range"] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(count)"
            return HTTPResponse(status: 206, headers: headers, body: body(range))
        case .notModified:
            headers.remove("Content-Type")
            return HTTPResponse(status: 304, headers: headers)
        case .preconditionFailed:
            headers.remove("Content-Type")
            return HTTPResponse(status: 412, headers: headers)
        case .unsatisfiable:
            headers.remove("Content-Type")
            headers["Content-Range"] = "bytes */\(count)"
            return HTTPResponse(status: 416, headers: headers)
        }
    }

    /// A Range with an If-Range counts only for exactly this state.
    private func mayUseRange(_ headers: HTTPHeaders) -> Bool {
        guard let condition = headers["if-range"] else { return true }
        if condition.hasPrefix("\"") || condition.hasPrefix("W/") { return condition == etag }
        guard let lastModified, let date = Timestamp(httpDate: condition) else { return false }
        return date == lastModified
    }

    /// A field with a date; an unreadable one is as if it were absent.
    private func date(_ headers: HTTPHeaders, _ name: String) -> Timestamp? {
        headers[name].flatMap { Timestamp(httpDate: $0) }
    }
}
