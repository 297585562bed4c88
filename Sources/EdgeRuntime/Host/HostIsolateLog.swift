// What functions write and what happens to them, as lines of the host's log.
internal import EdgeLoop
internal import Secrets

/// Hands lines and events of isolates to the log, which replaces secrets.
@LoopActor
final class HostIsolateLog: IsolateLog {
    private let log: LogWriter

    init(_ log: LogWriter) { self.log = log }

    var redactor: Redactor { log.redactor }

    func line(_ text: String, function: String, process: Int32, stream: IsolateStream, request: String?) {
        log.write(stream == .stderr ? .warning : .info, text, function: function, requestID: request)
    }

    func event(_ event: IsolateEvent, function: String) {
        log.write(event.isWarning ? .warning : .info, event.description, function: function)
    }
}
