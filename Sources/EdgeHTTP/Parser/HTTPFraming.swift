// How long a body is: what Content-Length and Transfer-Encoding say, strictly (RFC 9112, 6).

/// Gathers the fields that frame a message while its head is read, and decides at the end of the head.
struct HTTPFraming {
    /// How a body ends.
    enum Body: Equatable {
        case none
        case length(Int)
        case chunked
        /// Answers only: all that comes before the connection closes.
        case untilClose
    }

    private enum Coding { case absent, chunked, otherThenChunked, notChunkedLast }

    private(set) var length: Int?
    private var coding = Coding.absent

    /// A Content-Length line. A second one, a list, a sign or an overflow is refused.
    mutating func contentLength(_ value: Bytes) throws(HTTPRefusal) {
        guard length == nil else { throw .malformed("Content-Length is there twice") }
        guard !value.isEmpty else { throw .malformed("Content-Length is empty") }
        var number = 0
        for byte in value {
            guard Byte.isDigit(byte) else { throw .malformed("Content-Length is not a whole number") }
            let (product, tooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(Int(byte &- Byte.zero))
            guard !tooLarge, !overflow else { throw .malformed("Content-Length is larger than any body") }
            number = sum
        }
        length = number
    }

    /// A Transfer-Encoding line: a list of codings, continued by the next line. Empty members are skipped (RFC 9110, 5.6.1).
    mutating func transferEncoding(_ value: Bytes) throws(HTTPRefusal) {
        if coding == .absent { coding = .notChunkedLast }
        var index = 0
        while index < value.count {
            if Byte.isBlank(value[index]) || value[index] == Byte.comma {
                index += 1
                continue
            }
            let start = index
            while index < value.count, ByteSet.token.contains(value[index]) { index += 1 }
            let name = value.part(start..<index)
            while index < value.count, Byte.isBlank(value[index]) { index += 1 }
            guard !name.isEmpty, index == value.count || value[index] == Byte.comma else {
                throw .malformed("Transfer-Encoding is not a list of codings without parameters")
            }
            try add(isChunked: name.equalsLowercase("chunked"))
        }
    }

    private var hasCoding = false

    private mutating func add(isChunked: Bool) throws(HTTPRefusal) {
        switch coding {
        case .chunked, .otherThenChunked:
            throw .malformed("Transfer-Encoding has something after chunked")
        case .absent, .notChunkedLast:
            coding = isChunked ? (hasCoding ? .otherThenChunked : .chunked) : .notChunkedLast
        }
        hasCoding = true
    }

    /// The length of a request's body.
    func requestBody(minorVersion: Int) throws(HTTPRefusal) -> Body {
        switch coding {
        case .absent:
            guard let length, length > 0 else { return .none }
            return .length(length)
        case _ where minorVersion == 0:
            throw .malformed("HTTP/1.0 has no Transfer-Encoding")
        case _ where length != nil:
            throw .malformed("Content-Length and Transfer-Encoding are both there")
        case .chunked:
            return .chunked
        case .otherThenChunked:
            throw HTTPRefusal(status: 501, reason: "the only transfer coding understood here is chunked")
        case .notChunkedLast:
            throw .malformed("the last transfer coding of a request must be chunked")
        }
    }

    /// The length of an answer's body, for a request that was not HEAD.
    func responseBody(status: Int, minorVersion: Int) throws(HTTPRefusal) -> Body {
        if status < 200 || status == 204 || status == 304 { return .none }
        switch coding {
        case .absent:
            guard let length else { return .untilClose }
            return length > 0 ? .length(length) : .none
        case .chunked where minorVersion > 0 && length == nil:
            return .chunked
        default:
            throw .malformed("the answer's Transfer-Encoding is not chunked alone")
        }
    }
}
