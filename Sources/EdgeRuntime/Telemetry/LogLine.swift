// The line that each request leaves in the log: what was asked, what was answered, how long it took.

/// One request. Holds no prompt and no query string: `path` ends before `?`.
package struct LogLine: LogRecord {
    package var requestID: String
    package var method: String
    package private(set) var path: String
    package var status: Int
    /// Bytes of the answer's body that were sent.
    package var bytes: Int
    package var duration: Duration
    package var function: String?
    /// `hit`, `miss`, `recall` and the like.
    package var cache: String?
    package var job: String?
    /// The id of a known caller.
    package var caller: String?
    /// What went wrong when the status was sent already.
    package var error: Failure?

    package struct Failure: Sendable {
        package let status: Int
        package let code: String
    }

    package init(
        requestID: String,
        method: String,
        target: String,
        status: Int,
        bytes: Int,
        duration: Duration,
        function: String? = nil,
        cache: String? = nil,
        job: String? = nil,
        caller: String? = nil,
        error: Failure? = nil
    ) {
        self.requestID = requestID
        self.method = method
        // The caller may hand over a whole target; what people search for and ask for stays out of the log.
        let end = target.utf8.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        path = end.map { String(target[..<$0]) } ?? target
        self.status = status
        self.bytes = bytes
        self.duration = duration
        self.function = function
        self.cache = cache
        self.job = job
        self.caller = caller
        self.error = error
    }

    /// Errors of the host and of functions stand out; what clients do wrong is their own matter.
    package var level: LogLevel { (error?.status ?? status) >= 500 ? .error : .info }

    package func append(to text: inout LogText) {
        text.begin(level)
        if text.form == .json { text.field("requestId", outside: requestID) }
        appendRequest(to: &text)
        if text.form == .text { text.field("id", outside: requestID) }
        text.end()
    }

    /// What does not differ between two equal requests, but for the duration.
    func appendRequest(to text: inout LogText) {
        switch text.form {
        case .text:
            text.follow()
            text.word(status)
            text.outside(method)
            text.outside(path)
            text.word(bytes, "B")
            text.separate()
            text.append(milliseconds: duration)
            text.append("ms")
        case .json:
            text.field("method", outside: method)
            text.field("path", outside: path)
            text.field("status", status)
            text.field("bytes", bytes)
            text.field("ms", milliseconds: duration)
        }
        text.field("function", function)
        text.field("cache", cache)
        text.field("job", job)
        if let caller { text.field("caller", outside: caller) }
        if let error { text.field("error", outside: error.code) }
    }
}
