// How a function's processes are now.
internal import EdgeLoop

extension Isolates {
    /// Whether a process takes calls now.
    var isReady: Bool { current?.phase == .ready }

    /// How its processes are now.
    var status: IsolateStatus {
        IsolateStatus(
            function: function.name,
            processes: running.map { isolate in
                IsolateStatus.Process(
                    id: isolate.id,
                    phase: isolate === current ? (isolate.phase == .ready ? .ready : .starting) : .retiring,
                    residentBytes: isolate.residentBytes ?? 0,
                    calls: isolate.calls.count,
                    age: .now - isolate.launched
                )
            },
            calls: running.reduce(0) { $0 + $1.calls.count },
            queued: queue.count,
            starts: starts,
            crashes: crashes,
            timeouts: timeouts,
            linesDropped: output.dropped,
            circuit: {
                switch circuit.state {
                case .closed: .closed
                case .probing: .probing
                case .open(let until): .open(retryAfter: max(until - .now, .zero))
                }
            }(),
            lastStart: lastStart
        )
    }
}
