// The supervisor of one function: starts its process when it is needed, hands calls to it, replaces and stops it.
internal import EdgeHTTP
internal import EdgeLoop
internal import Glibc

/// Runs a function's processes: one that takes calls, and beside it those that only finish theirs.
@LoopActor
final class Isolates {
    typealias Variables = [(name: String, value: String)]

    /// How often the resident size is looked at while a process runs.
    static let sampling = Duration.seconds(1)
    /// Processes that finish their calls beside the one that takes new ones; one more, and the oldest is killed.
    static let retiringMax = 3
    /// Before this last part of ``stop(within:)`` only processes without calls are told to end; then all are.
    static let lastWarning = Duration.seconds(1)

    private(set) var function: IsolateFunction
    let version: String
    let runDirectory: String
    /// What a process gets between SIGTERM and SIGKILL.
    let grace: Duration
    let log: any IsolateLog
    private let control: @LoopActor () -> any HTTPHandler
    private let variables: @LoopActor () -> Variables

    /// Takes the new calls; starting or ready.
    private(set) var current: Isolate?
    private(set) var retiring: [Isolate] = []
    private var sockets: SocketFolder?
    private var queue = CallQueue<IsolateWaiter>()
    private var circuit = CrashCircuit()
    private var backoff = RestartBackoff()
    private let output: IsolateOutput
    let deadlines = CallDeadlines()
    private var restart: LoopTimer?
    private var sampler: LoopTimer?
    private var idling: LoopTimer?
    private var lastUse = ContinuousClock.now
    private var isStopping = false
    private var stopWaits: [OneShot<Void>] = []
    private var starts = 0
    private var crashes = 0
    private var timeouts = 0
    private var lastStart: Duration?
    /// The average time of a call, newer ones weighing more: says how long a place takes to become free.
    private var usualCall = Duration.milliseconds(100)

    /// - Parameters:
    ///   - version: the host's, for `EDGE_VERSION`.
    ///   - runDirectory: where sockets are; made if it is missing.
    ///   - grace: between SIGTERM and SIGKILL.
    ///   - control: makes the handler of a process's control socket.
    ///   - variables: what the function's `env` and `secrets` name, now.
    init(
        _ function: IsolateFunction,
        version: String,
        runDirectory: String,
        grace: Duration = .seconds(8),
        log: any IsolateLog,
        control: @escaping @LoopActor () -> any HTTPHandler,
        variables: @escaping @LoopActor () -> Variables
    ) {
        self.function = function
        self.version = version
        self.runDirectory = runDirectory
        self.grace = grace
        self.log = log
        self.control = control
        self.variables = variables
        output = IsolateOutput(function: function.name, log: log)
    }

    isolated deinit {
        for timer in [restart, sampler, idling] { timer?.cancel() }
        for isolate in retiring + [current].compactMap(\.self) { isolate.kill() }
    }

    // MARK: Places

    /// A place in a process for one call, started for it when there is none.
    /// - Parameter limit: how long the call may wait.
    func lease(within limit: Duration, request: String? = nil) async throws(IsolateError) -> IsolateLease {
        let outcome = OneShot<IsolateWaiter.Outcome>()
        let waiter = IsolateWaiter(request: request) { outcome.finish($0) }
        if let lease = try lease(or: waiter) { return lease }
        let timer = LoopTimer(after: limit) { [weak self] in self?.waitedTooLong(waiter, after: limit) }
        defer { timer.cancel() }
        let result = await withTaskCancellationHandler {
            await outcome.wait()
        } onCancel: {
            Task { @LoopActor in self.leave(waiter, .cancelled) }
        }
        return try result.get()
    }

    /// A free place at once; nil: there is none, and `waiter` stands in the queue and will be told.
    func lease(or waiter: IsolateWaiter) throws(IsolateError) -> IsolateLease? {
        guard !isStopping else { throw .stopping(function: function.name) }
        waiter.isProbe = try admit()
        if let current, hasPlace(current), queue.isEmpty { return take(current, for: waiter) }
        // A process that starts will have as many places as one that runs.
        let waitingMax = function.queue + (current?.phase == .ready ? 0 : function.concurrency)
        guard let place = queue.append(waiter, limit: waitingMax) else {
            if waiter.isProbe { circuit.probeAbandoned(at: .now) }
            throw .queueFull(function: function.name, places: waitingMax, retryAfter: usualWait)
        }
        waiter.place = place
        startIfNeeded()
        return nil
    }

    private func admit() throws(IsolateError) -> Bool {
        switch circuit.admit(at: .now) {
        case .pass: return false
        case .probe: return true
        case .refused(let wait): throw .circuitOpen(function: function.name, retryAfter: wait)
        }
    }

    private func hasPlace(_ isolate: Isolate) -> Bool {
        isolate.phase == .ready && isolate.calls.count < function.concurrency
    }

    private func take(_ isolate: Isolate, for waiter: IsolateWaiter) -> IsolateLease {
        IsolateLease(isolate, request: waiter.request, isProbe: waiter.isProbe, owner: self)
    }

    func waitedTooLong(_ waiter: IsolateWaiter, after limit: Duration) {
        leave(waiter, .waitedTooLong(function: function.name, after: limit, retryAfter: usualWait))
    }

    /// Leaves the queue without a place.
    func leave(_ waiter: IsolateWaiter, _ error: IsolateError) {
        guard let place = waiter.place, queue.remove(place) != nil else { return }
        if waiter.isProbe { circuit.probeAbandoned(at: .now) }
        waiter.finish(.failure(error))
        settle()
    }

    /// Called by a lease that is given back.
    func released(_ lease: IsolateLease) {
        lastUse = .now
        // Only what this process did decides; had it crashed, the circuit would know already.
        if lease.isProbe, lease.isolate.phase != .ended { circuit.probeAbandoned(at: lastUse) }
        settle()
    }

    /// Gives free places to those who wait, and ends what nobody needs.
    private func settle() {
        while let current, hasPlace(current), let waiter = queue.popFirst() {
            waiter.finish(.success(take(current, for: waiter)))
        }
        for isolate in retiring where isolate.calls.isEmpty { terminate(isolate) }
        if let current, current.calls.isEmpty, queue.isEmpty {
            if isStopping { retire(current, .stopping) } else { watchIdle() }
        }
        finishStopping()
    }

    private func failWaiters(_ error: IsolateError) {
        while let waiter = queue.popFirst() { waiter.finish(.failure(error)) }
    }

    /// About how long it takes until those who wait now have had their turn: 1 to 60 s.
    private var usualWait: Duration {
        let turns = queue.count / max(function.concurrency, 1) + 1
        return min(max(usualCall * turns, .seconds(1)), .seconds(60))
    }

    // MARK: What a call tells

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

    // MARK: Starting

    /// Starts the process of a function that is `warm`.
    func warmUp() {
        if function.warm, !isStopping, circuit.state == .closed { startIfNeeded() }
    }

    private func startIfNeeded() {
        guard current == nil, restart == nil else { return }
        let wait = backoff.wait(at: .now)
        guard wait > .zero else { return launch() }
        restart = LoopTimer(after: wait) { [weak self] in
            guard let self else { return }
            cancelRestart()
            if !queue.isEmpty || function.warm && !isStopping { launch() }
        }
    }

    private func cancelRestart() {
        restart?.cancel()
        restart = nil
    }

    private func launch() {
        do throws(SystemError) {
            let isolate = try Isolate(function, version: version, sockets: socketFolder(), named: variables())
            starts += 1
            current = isolate
            isolate.watch(for: self, control: control(), redactor: log.redactor)
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

    private func startFailed(_ process: Int32?, _ reason: String, lastLines: [String]) {
        log.event(.startFailed(process: process, reason: reason), function: function.name)
        if crashed(lastLines: lastLines) { return }
        let wait = max(backoff.wait(at: .now), .seconds(1))
        failWaiters(.startFailed(function: function.name, reason: reason, retryAfter: wait))
        warmUp()
        finishStopping()
    }

    /// Counts a crash. - Returns: whether it has opened the circuit.
    private func crashed(lastLines: [String]) -> Bool {
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

    // MARK: Replacing and stopping

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

    private func stop(within limit: Duration?) async {
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

    private var running: [Isolate] { retiring + [current].compactMap(\.self) }

    private var isStopped: Bool { isStopping && queue.isEmpty && current == nil && retiring.isEmpty }

    private func finishStopping() {
        guard isStopped else { return }
        for wait in stopWaits { wait.finish(()) }
        stopWaits = []
    }

    private func retire(_ isolate: Isolate, _ reason: IsolateEvent.StopReason) {
        log.event(.stopped(process: isolate.id, reason: reason), function: function.name)
        current = nil
        cancelIdle()
        isolate.retire()
        retiring.append(isolate)
        if retiring.count > Self.retiringMax { retiring[0].kill() }
        if isolate.calls.isEmpty { terminate(isolate) }
        if !queue.isEmpty { startIfNeeded() } else if reason != .stopping { warmUp() }
    }

    private func terminate(_ isolate: Isolate) {
        isolate.terminate(grace: grace) { [weak self] in
            guard let self else { return }
            log.event(.killed(process: isolate.id), function: function.name)
        }
    }

    // MARK: Watching

    /// Ends the process when nobody has called for `idle`. One timer serves many calls: it looks when the last one was.
    private func watchIdle() {
        guard idling == nil, !function.warm else { return }
        idling = LoopTimer(after: max(function.idle - (.now - lastUse), .zero)) { [weak self] in
            guard let self else { return }
            cancelIdle()
            guard let current, current.calls.isEmpty, queue.isEmpty, !function.warm else { return }
            if .now - lastUse >= function.idle { retire(current, .idle) } else { watchIdle() }
        }
    }

    private func cancelIdle() {
        idling?.cancel()
        idling = nil
    }

    private func watchMemory() {
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
