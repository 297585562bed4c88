// Replacing a process, and ending all of them.
internal import EdgeLoop

extension Isolates {
    /// Tells the calls that no process has taken that none will.
    func refuseWaiting() { failWaiters(.stopping(function: function.name)) }

    /// Goes on with another version of the function. Where its process cannot serve it (the program, a file among its arguments,
    /// a variable or a limit has changed), new calls go to a fresh one and the old one ends after its calls. An open circuit closes.
    func replace(_ function: IsolateFunction) {
        precondition(function.name == self.function.name, "a function is replaced by another one")
        self.function = function
        circuit = CrashCircuit()
        backoff = RestartBackoff()
        cancelRestart()
        if let current, !current.canServe(function, named: variables()) {
            retire(current, .replaced)
        } else if !queue.isEmpty {
            startIfNeeded()
        }
        cancelIdle()
        warmUp()
        settle()
    }

    /// Takes no more calls, lets those that it has taken finish within their own times, and ends the processes.
    func retire() async {
        await stop(within: nil)
    }

    /// Takes no more calls. What runs and waits gets this long; then its processes are killed with their groups.
    func stop(within limit: Duration) async {
        await stop(within: .some(limit))
    }

    func stop(within limit: Duration?) async {
        isStopping = true
        if queue.isEmpty { cancelRestart() }
        let warning = limit.map { limit in
            LoopTimer(after: max(limit - Self.lastWarning, limit / 2)) { [weak self] in
                guard let self else { return }
                failWaiters(.stopping(function: function.name))
                if let current { retire(current, .stopping) }
                for isolate in running { isolate.askToEnd() }
            }
        }
        let end = limit.map { limit in
            LoopTimer(after: limit) { [weak self] in
                guard let self else { return }
                failWaiters(.stopping(function: function.name))
                cancelRestart()
                for isolate in running { isolate.kill() }
                finishStopping()
            }
        }
        settle()
        if !isStopped {
            let wait = OneShot<Void>()
            stopWaits.append(wait)
            await wait.wait()
        }
        warning?.cancel()
        end?.cancel()
        sockets?.remove()
        sockets = nil
    }

    var running: [Isolate] { retiring + [current].compactMap(\.self) }

    private var isStopped: Bool { isStopping && queue.isEmpty && current == nil && retiring.isEmpty }

    func finishStopping() {
        guard isStopped else { return }
        for wait in stopWaits { wait.finish(()) }
        stopWaits = []
    }

    func retire(_ isolate: Isolate, _ reason: IsolateEvent.StopReason) {
        log.event(.stopped(process: isolate.id, reason: reason), function: function.name)
        current = nil
        cancelIdle()
        isolate.retire()
        retiring.append(isolate)
        if retiring.count > Self.retiringMax { retiring[0].kill() }
        if isolate.calls.isEmpty { terminate(isolate) }
        if !queue.isEmpty { startIfNeeded() } else if reason != .stopping { warmUp() }
    }

    func terminate(_ isolate: Isolate) {
        isolate.terminate(grace: grace) { [weak self] in
            guard let self else { return }
            log.event(.killed(process: isolate.id), function: function.name)
        }
    }
}
