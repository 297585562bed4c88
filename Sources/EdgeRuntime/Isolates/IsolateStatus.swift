// How a function's processes are, for /metrics and the service document.

struct IsolateStatus: Equatable, Sendable {
    enum Circuit: Equatable, Sendable { case closed, open(retryAfter: Duration), probing }
    enum Phase: String, Equatable, Sendable { case starting, ready, retiring }

    struct Process: Equatable, Sendable {
        var id: Int32
        var phase: Phase
        var residentBytes: Int
        var calls: Int
        var age: Duration
    }

    var function: String
    var processes: [Process]
    /// Calls that a process has now.
    var calls: Int
    /// Calls that wait for a place.
    var queued: Int
    /// Processes started since the host began, and those of them that ended without being told to.
    var starts: Int
    var crashes: Int
    /// Calls that passed their time in a process.
    var timeouts: Int
    var linesDropped: Int
    var circuit: Circuit
    /// From the launch to readiness, of the last process that got there.
    var lastStart: Duration?
}
