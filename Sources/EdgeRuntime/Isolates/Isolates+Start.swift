// Starting a process when somebody needs it, and what a start that fails means for those who wait.
internal import EdgeLoop
internal import Glibc

extension Isolates {
    /// Starts the process of a function that is `warm`.
    func warmUp() {
        if function.warm, !isStopping, circuit.state == .closed { startIfNeeded() }
    }

    func startIfNeeded() {
        guard current == nil, restart == nil else { return }
        let wait = backoff.wait(at: .now)
        guard wait > .zero else { return launch() }
        restart = LoopTimer(after: wait) { [weak self] in
            guard let self else { return }
            cancelRestart()
            if !queue.isEmpty || function.warm && !isStopping { launch() }
        }
    }

    func cancelRestart() {
        restart?.cancel()
        restart = nil
    }

    private func launch() {
        do throws(SystemError) {
            let isolate = try Isolate(function, version: version, sockets: socketFolder(), named: variables())
            starts += 1
            current = isolate
            let control = control { [weak isolate] in isolate?.calls.contains($0) ?? false }
            isolate.watch(for: self, control: control, redactor: log.redactor)
            watchMemory()
        } catch {
            startFailed(nil, startFailureReason(error), lastLines: [])
        }
    }

    private func socketFolder() throws(SystemError) -> SocketFolder {
        if let sockets { return sockets }
        let made = try SocketFolder(runDirectory: runDirectory)
        sockets = made
        return made
    }

    /// The kernel's "no such file" does not say whether the program or its folder is missing.
    private func startFailureReason(_ error: SystemError) -> String {
        access(function.folder, X_OK) == 0 ? "\(error)" : "its working folder \(function.folder) cannot be used"
    }

    func startFailed(_ process: Int32?, _ reason: String, lastLines: [String]) {
        log.event(.startFailed(process: process, reason: reason), function: function.name)
        if crashed(lastLines: lastLines) { return }
        let wait = max(backoff.wait(at: .now), .seconds(1))
        failWaiters(.startFailed(function: function.name, reason: reason, retryAfter: wait))
        warmUp()
        finishStopping()
    }

    /// Counts a crash. - Returns: whether it has opened the circuit.
    func crashed(lastLines: [String]) -> Bool {
        let now = ContinuousClock.now
        crashes += 1
        backoff.crashed(at: now)
        guard let wait = circuit.crashed(at: now) else { return false }
        log.event(.circuitOpened(for: wait, lastLines: lastLines), function: function.name)
        backoff = RestartBackoff()  // the circuit waits longer
        failWaiters(.circuitOpen(function: function.name, retryAfter: wait))
        finishStopping()
        return true
    }
}
