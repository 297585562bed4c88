// What the supervisor of a function tells the log.
internal import EdgeLoop
internal import Secrets

/// Something that happened to a function's process.
enum IsolateEvent: Equatable, Sendable {
    case started(process: Int32, after: Duration)
    /// Without a process when there is none to name.
    case startFailed(process: Int32?, reason: String)
    case stopped(process: Int32, reason: StopReason)
    case crashed(process: Int32, exit: ChildExit, calls: Int)
    case circuitOpened(for: Duration, lastLines: [String])
    case circuitClosed
    case timedOut(process: Int32, after: Duration)
    case memoryExceeded(process: Int32, residentBytes: Int, limit: Int)
    case killed(process: Int32)
    case linesDropped(Int)

    enum StopReason: String, Equatable, Sendable {
        case idle = "no call within `idle`"
        case replaced = "its program or settings changed"
        case timedOut = "a call passed its time"
        case memory = "it used more than `memory`"
        case deaf = "it runs but accepts no connection"
        case stopping = "the host or the function is being stopped"
        case itself = "it ended by itself without a call"
    }

    /// Whether a person should look at it.
    var isWarning: Bool {
        switch self {
        case .started, .circuitClosed: false
        case .stopped(_, let reason): reason == .memory || reason == .deaf
        case .startFailed, .crashed, .circuitOpened, .timedOut, .memoryExceeded, .killed, .linesDropped: true
        }
    }
}

extension IsolateEvent: CustomStringConvertible {
    var description: String {
        switch self {
        case .started(let process, let after): "process \(process) started in \(after.shortText)"
        case .startFailed(let process, let reason): "\(process.map { "process \($0) " } ?? "")did not start: \(reason)"
        case .stopped(let process, let reason): "process \(process) stopped: \(reason.rawValue)"
        case .crashed(let process, let exit, let calls): "process \(process) \(exit) with \(calls) calls"
        case .circuitOpened(let time, let lines):
            "\(CrashCircuit.crashesMax) crashes within a minute: not started for \(time.shortText)\(Self.quote(lines))"
        case .circuitClosed: "works again"
        case .timedOut(let process, let after):
            "a call passed its time of \(after.shortText): process \(process) is replaced; other calls may finish there"
        case .memoryExceeded(let process, let resident, let limit):
            "process \(process) uses \(resident >> 20) MB, more than its `memory` of \(limit >> 20) MB: it is replaced"
        case .killed(let process): "process \(process) did not end when told to, and was killed with its group"
        case .linesDropped(let count): "wrote too much: \(count) lines were dropped"
        }
    }

    private static func quote(_ lines: [String]) -> String {
        lines.isEmpty ? "" : "; the last lines on stderr:\n" + lines.map { "    \($0)" }.joined(separator: "\n")
    }
}

extension Duration {
    /// "7.3 ms", "5 s".
    fileprivate var shortText: String {
        let milliseconds = self / .milliseconds(1)
        guard milliseconds < 1000 else { return Self.trimmed(milliseconds / 1000) + " s" }
        return Self.trimmed(milliseconds) + " ms"
    }

    private static func trimmed(_ value: Double) -> String {
        let tenths = (value * 10).rounded() / 10
        return tenths == tenths.rounded() ? String(Int(tenths)) : String(tenths)
    }
}

/// Where lines and events of functions go.
@LoopActor
protocol IsolateLog: AnyObject {
    /// What hides the secrets that functions may write.
    var redactor: Redactor { get }
    /// One line of a process's stdout or stderr, at most ``LineSplitter/bytesMax`` bytes and a note.
    /// - Parameter request: the id of the call, where only one was in the process.
    func line(_ text: String, function: String, process: Int32, stream: IsolateStream, request: String?)
    func event(_ event: IsolateEvent, function: String)
}

enum IsolateStream: String, Equatable, Sendable { case stdout, stderr }
