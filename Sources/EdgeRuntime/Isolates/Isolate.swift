// One running process of a function: launched, watched, read, told to end.
internal import EdgeHTTP
internal import EdgeLoop
internal import Glibc
internal import Secrets

/// Told what becomes of a process, on the loop.
@LoopActor
protocol IsolateOwner: AnyObject {
    /// It accepts connections.
    func isolateReady(_ isolate: Isolate)
    func isolateEnded(_ isolate: Isolate, exit: ChildExit)
    func isolateWrote(_ line: LineSplitter.Line, _ isolate: Isolate, to stream: IsolateStream)
}

/// A function's process. Lives until the process has ended, whoever lets go of it.
@LoopActor
final class Isolate {
    enum Phase: Equatable, Sendable { case starting, ready, retiring, ended }

    /// How often a connection is tried while it starts: every millisecond at first, then less often.
    static let earlyPoll = Duration.milliseconds(1)
    static let earlyPolls = 100
    static let latePoll = Duration.milliseconds(5)

    /// Connections that the process may have to the host at once; more when its `concurrency` is higher.
    static let controlConnectionsMax = 256

    let function: IsolateFunction
    /// Its process id, and its process group's.
    let id: Int32
    let launched = ContinuousClock.now
    /// Its connections, since it became ready.
    private(set) var client: HTTPClient?
    private(set) var phase = Phase.starting
    /// Why it did not become ready, when the host gave up on it.
    private(set) var startFailure: String?
    private(set) var lastLines = LastLines()
    /// The calls that it has now, by request id where one is known.
    private(set) var calls: [String?] = []

    private let endpoint: IsolateEndpoint
    private let named: [(name: String, value: String)]
    private let stamp: ProgramStamp
    private let child: ChildProcess
    private let listener: Listener
    /// Answers the process on its control socket.
    private var control: HTTPServer?
    private var readers: [OutputReader] = []
    private var isTerminating = false
    private var timer: LoopTimer?
    private var exitWaits: [OneShot<ChildExit?>] = []
    private weak var owner: (any IsolateOwner)?

    /// Launches the process. Call ``watch(for:control:redactor:)`` next.
    init(
        _ function: IsolateFunction,
        version: String,
        sockets: SocketFolder,
        named: [(name: String, value: String)]
    ) throws(SystemError) {
        let paths = sockets.newPaths()
        let endpoint: IsolateEndpoint =
            switch function.listen {
            case .socket: .socket(path: paths.socket)
            case .port: .port(try LoopbackPort.take())
            }
        var options = ChildOptions(program: function.program)
        options.arguments = function.arguments
        options.directory = function.folder
        options.dataBytesMax = function.dataBytesMax
        options.openFilesMax = function.openFiles
        options.environment = isolateEnvironment(
            function: function.name,
            version: version,
            endpoint: endpoint,
            control: paths.control,
            named: named,
            host: { name in getenv(name).map { String(cString: $0) } }
        )
        do {
            listener = try Listener(.unix(path: paths.control))
            child = try ChildProcess(options)
        } catch {
            if case .port(let port) = endpoint { LoopbackPort.release(port) }
            throw error
        }
        self.function = function
        self.endpoint = endpoint
        self.named = named
        id = child.id
        stamp = ProgramStamp(function)
    }

    /// Reads what the process writes, answers it, waits until it is ready, and for its end.
    func watch(for owner: any IsolateOwner, control: any HTTPHandler, redactor: Redactor) {
        self.owner = owner
        var limits = HTTPLimits()
        // Each of its calls may follow a job there.
        limits.connections = max(Self.controlConnectionsMax, function.concurrency)
        self.control = HTTPServer(listener, limits: limits, handler: control)
        readers = [(child.output, IsolateStream.stdout), (child.error, .stderr)].map { socket, stream in
            OutputReader(socket, redactor: redactor) { [unowned self] line in
                if stream == .stderr { lastLines.append(line) }
                self.owner?.isolateWrote(line, self, to: stream)
            }
        }
        Task(executorPreference: LoopActor.tasks) { await self.waitForEnd() }
        let readiness = Task(executorPreference: LoopActor.tasks) { await self.becomeReady() }
        timer = LoopTimer(after: function.startTimeout) { [unowned self] in
            readiness.cancel()
            guard phase == .starting else { return }
            startFailure =
                "it did not accept a connection on \(place) within \(function.startTimeout), its `startTimeout`"
            kill()
        }
    }

    private func waitForEnd() async { ended(await child.wait()) }

    private func becomeReady() async {
        let addresses =
            switch endpoint {
            case .socket(let path): [SocketAddress.unix(path: path)]
            case .port(let port): LoopbackPort.addresses(port)
            }
        var polls = 0
        while phase == .starting {
            for address in addresses {
                guard let connection = try? await Socket.connect(to: address) else { continue }
                guard phase == .starting else { return connection.close() }
                phase = .ready
                setTimer(nil)
                connected(to: address, connection)
                owner?.isolateReady(self)
                return
            }
            polls += 1
            guard (try? await sleep(for: polls < Self.earlyPolls ? Self.earlyPoll : Self.latePoll)) != nil else {
                return
            }
        }
    }

    /// The connection that proved readiness carries the first call.
    private func connected(to address: SocketAddress, _ connection: Socket) {
        var limits = HTTPClient.Limits()
        limits.connections = .max  // its calls are counted here
        let client = HTTPClient(address: address, limits: limits)
        client.adopt(connection)
        self.client = client
    }

    private var place: String {
        switch endpoint {
        case .socket: "its EDGE_SOCKET"
        case .port(let port): "its PORT \(port)"
        }
    }

    /// Whether it may go on when the function and its variables are these.
    func canServe(_ function: IsolateFunction, named: [(name: String, value: String)]) -> Bool {
        function.canUseProcess(of: self.function)
            && named.elementsEqual(self.named) { $0 == $1 }
            && ProgramStamp(function) == stamp
    }

    func begin(_ request: String?) { calls.append(request) }

    func end(_ request: String?) {
        if let index = calls.firstIndex(of: request) { calls.remove(at: index) }
    }

    /// The request that a line of output belongs to: known while there is only one.
    var onlyRequest: String? { calls.count == 1 ? calls[0] : nil }

    var exit: ChildExit? { child.exit }
    var residentBytes: Int? { child.residentBytes }

    /// Takes no more calls.
    func retire() {
        if phase != .ended { phase = .retiring }
    }

    /// Tells the process to end, and kills its group when it has not after `grace`. `onKill` is called then.
    func terminate(grace: Duration, onKill: @escaping @LoopActor () -> Void) {
        guard phase != .ended, !isTerminating else { return }
        isTerminating = true
        retire()
        client?.close()
        child.signal(SIGTERM)
        setTimer(
            LoopTimer(after: grace) { [unowned self] in
                onKill()
                kill()
            }
        )
    }

    /// A timer is cancelled by name: when it is only released, it may still fire in this turn of the loop.
    private func setTimer(_ timer: LoopTimer?) {
        self.timer?.cancel()
        self.timer = timer
    }

    /// Tells the process to end and leaves the rest to whoever called.
    func askToEnd() { child.signal(SIGTERM) }

    /// Kills the process and its group.
    func kill() {
        if child.exit == nil { child.killGroup() }
    }

    /// How the process ended; nil when it still runs after `limit`.
    func exit(within limit: Duration) async -> ChildExit? {
        if let exit { return exit }
        let wait = OneShot<ChildExit?>()
        exitWaits.append(wait)
        let timer = LoopTimer(after: limit) { wait.finish(nil) }
        defer { timer.cancel() }
        return await wait.wait()
    }

    private func ended(_ exit: ChildExit) {
        phase = .ended
        setTimer(nil)
        for reader in readers { reader.finish() }
        readers = []
        listener.close()
        client?.close()
        if let control { Task { @LoopActor in await control.drain(within: .zero) } }
        switch endpoint {
        case .socket(let path): unlink(path)
        case .port(let port): LoopbackPort.release(port)
        }
        owner?.isolateEnded(self, exit: exit)
        for wait in exitWaits { wait.finish(exit) }
        exitWaits = []
    }
}
