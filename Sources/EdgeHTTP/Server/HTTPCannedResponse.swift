// An answer that is ready to be written: made once, sent many times.

/// Status line, headers and body of an answer, serialized. Only Date and Connection are added when it is sent.
package final class HTTPCannedResponse: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        case file(HTTPFileRegion)
    }

    let head: [UInt8]
    let body: Body

    /// - Parameter headers: without length, framing and Date, which are the server's work.
    package convenience init(status: Int = 200, headers: HTTPHeaders, body: [UInt8]) {
        self.init(status: status, headers: headers, body: .bytes(body), count: body.count)
    }

    /// The same with a file as its body.
    package convenience init(status: Int = 200, headers: HTTPHeaders, file: HTTPFileRegion) {
        self.init(status: status, headers: headers, body: .file(file), count: file.count)
    }

    private init(status: Int, headers: HTTPHeaders, body: Body, count: Int) {
        var head: [UInt8] = []
        head.append(statusLine: status)
        head.append(headers)
        if status != 204, status != 304 {
            head.append("Content-Length: ")
            head.append(decimal: count)
            head.append("\r\n")
        }
        self.head = head
        self.body = status == 204 || status == 304 ? .bytes([]) : body
    }

    /// The head as it is sent now.
    func appendHead(to bytes: inout [UInt8], date: [UInt8], connection: HTTPConnectionField) {
        bytes += head
        bytes.append("Date: ")
        bytes += date
        bytes.append("\r\n")
        bytes.append(connection.line)
        bytes.append("\r\n")
    }
}

/// What an answer says about its connection.
enum HTTPConnectionField {
    case none, close, keepAlive

    init(keepsAlive: Bool, minorVersion: Int) {
        self = !keepsAlive ? .close : minorVersion == 0 ? .keepAlive : .none
    }

    var line: StaticString {
        switch self {
        case .none: ""
        case .close: "Connection: close\r\n"
        case .keepAlive: "Connection: keep-alive\r\n"
        }
    }
}
