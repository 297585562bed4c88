// The four forms of a request target (RFC 9112, 3.2), as positions inside the target.

/// A checked request target. Ranges count from the start of the target.
struct HTTPTarget: Equatable {
    enum Form { case origin, absolute, authority, asterisk }

    let form: Form
    /// Host and port of the absolute and the authority form, else empty.
    let authority: Range<Int>
    /// The path as it was sent. Empty in the authority form, and in the absolute form without a path, which means "/".
    let path: Range<Int>
    /// What follows the first question mark; nil without one.
    let query: Range<Int>?

    /// - Parameters:
    ///   - target: all bytes between the two spaces of a request line, at least one.
    ///   - method: decides which forms are allowed.
    init(_ target: Bytes, method: Bytes) throws(HTTPRefusal) {
        if target[0] == Byte.slash {
            self = try HTTPTarget(target, form: .origin, authority: 0..<0, pathStart: 0)
            if method.equals("CONNECT") { throw .malformed("CONNECT takes host:port as its target") }
        } else if method.equals("CONNECT") {
            guard let end = HTTPAuthority.hostEnd(target), end > 0, end + 1 < target.count,
                HTTPTarget.isPort(target[(end + 1)...])
            else { throw .malformed("CONNECT takes host:port as its target") }
            self.init(form: .authority, authority: 0..<target.count, path: 0..<0, query: nil)
        } else if target.equals("*") {
            guard method.equals("OPTIONS") else { throw .malformed("only OPTIONS takes the target *") }
            self.init(form: .asterisk, authority: 0..<0, path: 0..<1, query: nil)
        } else {
            try self.init(absolute: target)
        }
    }

    private init(form: Form, authority: Range<Int>, path: Range<Int>, query: Range<Int>?) {
        self.form = form
        self.authority = authority
        self.path = path
        self.query = query
    }

    private init(absolute target: Bytes) throws(HTTPRefusal) {
        var start = 0
        if target.count >= 7, target.part(0..<7).equalsLowercase("http://") {
            start = 7
        } else if target.count >= 8, target.part(0..<8).equalsLowercase("https://") {
            start = 8
        } else {
            throw .malformed("the request target is neither a path nor an http URL")
        }
        var end = start
        while end < target.count, target[end] != Byte.slash, target[end] != Byte.question { end += 1 }
        guard let host = HTTPAuthority.hostEnd(target.part(start..<end)), host > 0 else {
            throw .malformed("the URL in the request line has an invalid host")
        }
        try self.init(target, form: .absolute, authority: start..<end, pathStart: end)
    }

    private init(_ target: Bytes, form: Form, authority: Range<Int>, pathStart: Int) throws(HTTPRefusal) {
        var index = pathStart
        while index < target.count, target[index] != Byte.question {
            if ByteSet.path.contains(target[index]) {
                index &+= 1
            } else {
                guard HTTPAuthority.isEscape(target, at: index) else { throw HTTPTarget.invalid(target[index]) }
                index &+= 3
            }
        }
        let pathEnd = index
        while index < target.count {
            guard ByteSet.query.contains(target[index]) else { throw HTTPTarget.invalid(target[index]) }
            index &+= 1
        }
        self.init(
            form: form,
            authority: authority,
            path: pathStart..<pathEnd,
            query: pathEnd < target.count ? pathEnd + 1..<target.count : nil
        )
    }

    private static func isPort(_ digits: Slice<Bytes>) -> Bool {
        var port = 0
        for digit in digits {
            port = port * 10 + Int(digit &- Byte.zero)
            if port > 65535 { return false }
        }
        return port > 0
    }

    private static func invalid(_ byte: UInt8) -> HTTPRefusal {
        switch byte {
        case Byte.number: .malformed("the request target has a fragment (#...): clients keep that to themselves")
        case Byte.percent: .malformed("the path has a % without two hexadecimal digits")
        default: .malformed("the request target has a character that must be percent-encoded")
        }
    }
}
