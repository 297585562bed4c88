// How the host ends: what runs gets its time, what waits stays on disk.
internal import EdgeHTTP
internal import EdgeLoop
internal import FileReading
internal import Glibc

extension Host {
    func watchSignals() -> AsyncStream<Int32> {
        let (stops, continuation) = AsyncStream<Int32>.makeStream()
        let stop: @LoopActor (Int32) -> Void = { [unowned self] number in
            switch phase {
            case .starting: _exit(0)  // nothing was accepted yet
            case .serving: phase = .stopping
            case .stopping: _exit(128 + number)
            }
            continuation.yield(number)
        }
        signals = [SIGTERM, SIGINT].map { number in SignalWatcher(number) { stop(number) } }
        // Away from a terminal SIGHUP means "read your settings again"; on one, that the terminal is gone.
        let hasTerminal = isatty(STDIN_FILENO) == 1
        signals.append(
            SignalWatcher(SIGHUP) { [unowned self] in if hasTerminal { stop(SIGHUP) } else { reloadSoon() } }
        )
        return stops
    }

    /// How long the listener stays open after `/readyz` has turned, so that a load balancer sees it in time.
    static let listenerMoment = Duration.milliseconds(300)
    /// For the last answers and for functions to end, after the drain.
    static let lastMoment = Duration.seconds(1)
    /// Of the drain's end, for answers to calls that no process has taken by then.
    static let answerMoment = Duration.milliseconds(250)

    /// Ids of one line in the log.
    private static let endsToldMax = 20

    func stop() async {
        let drain = file.manifest.host.drain
        log.write(.info, "stopping: what runs gets \(DurationText.text(of: drain))")
        reload?.cancel()
        housekeeping.stop()
        inbox.stop()
        board.stop()
        try? await sleep(for: min(Self.listenerMoment, drain))
        server.stopAccepting()
        // Who only watches comes back to the next host; what runs, jobs and plain calls, gets the time.
        let end = ContinuousClock.now + drain
        jobEvents.isStopping = true
        jobAccess.isStopping = true
        board.wakeAll()
        _ = try? await withDeadline(drain) { [board] in await board.runningEnded() }
        // Who still waits is told where to ask.
        jobFront.isStopping = true
        board.wakeAll()
        let left = max(end - .now, Self.lastMoment)
        let refusal = LoopTimer(after: left - Self.answerMoment) { [functions] in functions.refuseWaiting() }
        _ = await server.drain(within: left)
        refusal.cancel()
        board.abandon()
        await functions.stop(within: Self.lastMoment)
        _ = try? await withDeadline(Self.lastMoment) { [board] in await board.writeEndsNow() }
        _ = await limits.save()
        _ = try? await withDeadline(Self.lastMoment) { [ledger] in try await ledger.writer?.flush() }
        if !board.unwrittenEnds.isEmpty {
            let ids = board.unwrittenEnds.sorted().prefix(Self.endsToldMax).joined(separator: ", ")
            let count = board.unwrittenEnds.count
            log.write(
                .error,
                "the ends of \(count) jobs could not be written, so the next host works on them again: \(ids)"
            )
        }
        log.write(.info, "stopped: \(board.count) unfinished jobs stay on disk")
        log.finish()
    }
}
