// What a line of the log can be, and the two forms it is written in.

/// How the log is written: for people at a terminal, or for programs.
package enum LogForm: String, Sendable, CaseIterable {
    case text
    case json
}

/// How much a line matters.
package enum LogLevel: String, Sendable {
    case info
    case warning
    case error
}

/// One line of the log.
package protocol LogRecord: Sendable {
    /// Appends the line without its line end. Everything that comes from outside goes through `text`, which redacts.
    func append(to text: inout LogText)
}

/// A message of the host, or a line that a function wrote to stdout or stderr.
package struct LogMessage: LogRecord {
    package var level: LogLevel
    package var message: String
    /// The function that it is about or comes from.
    package var function: String?
    package var requestID: String?
    package var job: String?

    package init(
        _ level: LogLevel,
        _ message: String,
        function: String? = nil,
        requestID: String? = nil,
        job: String? = nil
    ) {
        self.level = level
        self.message = message
        self.function = function
        self.requestID = requestID
        self.job = job
    }

    package func append(to text: inout LogText) {
        text.begin(level)
        switch text.form {
        case .text:
            if let function { text.word("\(function):") }
            text.outside(message)
        case .json:
            text.field("message", outside: message)
            text.field("function", function)
        }
        text.field("requestId", outside: requestID)
        text.field("job", job)
        text.end()
    }
}
