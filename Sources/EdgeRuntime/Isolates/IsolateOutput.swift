// A function's output on its way to the log, at a bounded rate.
internal import EdgeLoop

/// Passes lines on while there is room, counts the others, and says how many they were.
@LoopActor
final class IsolateOutput {
    private let function: String
    private let log: any IsolateLog
    private var rate = LogRate(at: .now)
    /// Lines that were dropped since the host began.
    private(set) var dropped = 0

    init(function: String, log: any IsolateLog) {
        self.function = function
        self.log = log
    }

    func write(_ line: LineSplitter.Line, of isolate: Isolate, to stream: IsolateStream) {
        guard rate.admit(bytes: line.bytes.count, at: .now) else { return }
        log.line(
            line.text,
            function: function,
            process: isolate.id,
            stream: stream,
            request: isolate.onlyRequest
        )
    }

    /// Says how many lines were dropped since this was called last.
    func reportDropped() {
        let count = rate.takeDropped()
        guard count > 0 else { return }
        dropped += count
        log.event(.linesDropped(count), function: function)
    }
}
