// What becomes of a call tells about the process that had it.
internal import EdgeLoop

extension Isolates {
    /// The process answered: the function works.
    func answered(_ lease: IsolateLease, after time: Duration) {
        usualCall = (usualCall * 7 + time) / 8
        guard lease.isolate === current else { return }
        if circuit.state == .probing { log.event(.circuitClosed, function: function.name) }
        circuit.answered()
        backoff.answered()
    }

    /// The process had a call for all of its time: it may hang, so it gets no further ones.
    func timedOut(_ lease: IsolateLease, after time: Duration) {
        timeouts += 1
        guard lease.isolate === current else { return }
        log.event(.timedOut(process: lease.isolate.id, after: time), function: function.name)
        retire(lease.isolate, .timedOut)
    }

    /// The process runs but accepts no connection.
    func refusedConnection(_ lease: IsolateLease) {
        if lease.isolate === current { retire(lease.isolate, .deaf) }
    }
}
