// What is looked at while a process runs, and what it tells by itself: ready, a line of output, its end.
internal import EdgeLoop

extension Isolates {
    /// Ends the process when nobody has called for `idle`. One timer serves many calls: it looks when the last one was.
    func watchIdle() {
        guard idling == nil, !function.warm else { return }
        idling = LoopTimer(after: max(function.idle - (.now - lastUse), .zero)) { [weak self] in
            guard let self else { return }
            cancelIdle()
            guard let current, current.calls.isEmpty, queue.isEmpty, !function.warm else { return }
            if .now - lastUse >= function.idle { retire(current, .idle) } else { watchIdle() }
        }
    }

    func cancelIdle() {
        idling?.cancel()
        idling = nil
    }

    func watchMemory() {
        guard sampler == nil else { return }
        sampler = LoopTimer(after: Self.sampling, every: Self.sampling) { [weak self] in self?.sample() }
    }

    private func sample() {
        output.reportDropped()
        guard let current, let resident = current.residentBytes, resident > function.memoryBytes else { return }
        log.event(
            .memoryExceeded(process: current.id, residentBytes: resident, limit: function.memoryBytes),
            function: function.name
        )
        retire(current, .memory)
    }
}

extension Isolates: IsolateOwner {
    func isolateReady(_ isolate: Isolate) {
        let time = ContinuousClock.now - isolate.launched
        lastStart = time
        lastUse = .now
        log.event(.started(process: isolate.id, after: time), function: function.name)
        settle()
    }

    func isolateWrote(_ line: LineSplitter.Line, _ isolate: Isolate, to stream: IsolateStream) {
        output.write(line, of: isolate, to: stream)
    }

    func isolateEnded(_ isolate: Isolate, exit: ChildExit) {
        if running.count == 1 {
            sampler?.cancel()
            sampler = nil
            output.reportDropped()
        }
        retiring.removeAll { $0 === isolate }
        if isolate === current { currentEnded(isolate, exit) }
        settle()
    }

    private func currentEnded(_ isolate: Isolate, _ exit: ChildExit) {
        current = nil
        cancelIdle()
        let lines = isolate.lastLines.lines
        if isolate.client == nil {
            let reason = isolate.startFailure ?? "its process \(exit) before it accepted a connection"
            return startFailed(isolate.id, reason, lastLines: lines)
        }
        if exit == .exited(0), isolate.calls.isEmpty {
            log.event(.stopped(process: isolate.id, reason: .itself), function: function.name)
        } else {
            log.event(
                .crashed(process: isolate.id, exit: exit, calls: isolate.calls.count),
                function: function.name
            )
            if crashed(lastLines: lines) { return }
        }
        if queue.isEmpty { warmUp() } else { startIfNeeded() }
    }
}
