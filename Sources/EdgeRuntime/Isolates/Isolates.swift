// The supervisor of one function: starts its process when it is needed, hands calls to it, replaces and stops it.
internal import EdgeHTTP
internal import EdgeLoop

/// Runs a function's processes: one that takes calls, and beside it those that only finish theirs.
@LoopActor
final class Isolates {
    typealias Variables = [(name: String, value: String)]
    /// Makes the handler of a process's control socket, told how to ask whether a call with that request id is in that process now.
    typealias MakeControl = @LoopActor (_ has: @escaping @LoopActor (String) -> Bool) -> any HTTPHandler

    /// How often the resident size is looked at while a process runs.
    static let sampling = Duration.seconds(1)
    /// Processes that finish their calls beside the one that takes new ones; one more, and the oldest is killed.
    static let retiringMax = 3
    /// Before this last part of ``stop(within:)`` only processes without calls are told to end; then all are.
    static let lastWarning = Duration.seconds(1)

    var function: IsolateFunction
    let version: String
    let runDirectory: String
    /// What a process gets between SIGTERM and SIGKILL.
    let grace: Duration
    let log: any IsolateLog
    let control: MakeControl
    let variables: @LoopActor () -> Variables

    // What the extensions of this type share; nobody else changes it.

    /// Takes the new calls; starting or ready.
    var current: Isolate?
    var retiring: [Isolate] = []
    var sockets: SocketFolder?
    var queue = CallQueue<IsolateWaiter>()
    var circuit = CrashCircuit()
    var backoff = RestartBackoff()
    let output: IsolateOutput
    let deadlines = CallDeadlines()
    var restart: LoopTimer?
    var sampler: LoopTimer?
    var idling: LoopTimer?
    var lastUse = ContinuousClock.now
    var isStopping = false
    var stopWaits: [OneShot<Void>] = []
    var starts = 0
    var crashes = 0
    var timeouts = 0
    var lastStart: Duration?
    /// The average time of a call, newer ones weighing more: says how long a place takes to become free.
    var usualCall = Duration.milliseconds(100)

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
        control: @escaping MakeControl,
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
    func settle() {
        while let current, hasPlace(current), let waiter = queue.popFirst() {
            waiter.finish(.success(take(current, for: waiter)))
        }
        for isolate in retiring where isolate.calls.isEmpty { terminate(isolate) }
        if let current, current.calls.isEmpty, queue.isEmpty {
            if isStopping { retire(current, .stopping) } else { watchIdle() }
        }
        finishStopping()
    }

    func failWaiters(_ error: IsolateError) {
        while let waiter = queue.popFirst() { waiter.finish(.failure(error)) }
    }

    /// About how long it takes until those who wait now have had their turn: 1 to 60 s.
    var usualWait: Duration {
        let turns = queue.count / max(function.concurrency, 1) + 1
        return min(max(usualCall * turns, .seconds(1)), .seconds(60))
    }
}
