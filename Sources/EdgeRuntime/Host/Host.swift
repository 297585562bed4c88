// The host: everything put together, from its start to its end.
internal import Callers
internal import CivilTime
internal import EdgeHTTP
package import EdgeLoop
internal import FileReading
internal import Glibc
internal import JSON
internal import Limits
internal import Retry
internal import Secrets

/// One running host. Owns its state directory, its functions and its listener.
@LoopActor
package final class Host {
    let options: ServeOptions
    let environment: [String: String]
    let places: HostPlaces
    let log: LogWriter
    let functions: Functions
    let board: JobBoard
    let server: HTTPServer
    let handler: HostHandler
    let jobFront: JobFront
    let jobEvents: JobEvents
    let jobAccess: JobAccess
    let housekeeping: Housekeeping
    let inbox: Inbox
    let recall: RecallFront
    let cache: ResultCache
    let details: FunctionDetails
    let callers: CallerFront
    let limits: LimitKeeper
    let outbox: WebhookOutbox
    let alerts: AlertDelivery
    let keyring: TokenKeyring
    let ledger: LedgerDesk
    var keys: KeySet
    /// Budgets of keys that there are not, as the log was told.
    var lostBudgets: [String] = []
    let secrets: SecretKeeper
    let vault = TokenVault()
    let caller: FunctionCaller
    /// What EDGE_TOKEN_KEY was when it was last taken over; nil: never.
    var tokenKeys: TokenKeys?
    private let operatorFront: OperatorFront
    var operatorServer: HTTPServer?
    let state: StateDirectory
    let listener: Listener
    var settings: SettingsStack
    var file: ManifestFile
    var phase = Phase.starting
    let started = ContinuousClock.now
    var watchers: [FileWatcher] = []
    var keyWatcher: FileWatcher?
    var keyReading = KeyReading.idle
    var signals: [SignalWatcher] = []
    var reload: LoopTimer?
    var isReloading = false

    enum KeyReading { case idle, reading, readingOld }
    enum Phase { case starting, serving, stopping }

    /// Starts a host, serves until it is told to stop, and gives the exit status.
    package static func serve(_ options: ServeOptions, environment: [String: String]) async -> Int32 {
        do {
            // First of all: the guard must inherit no descriptor and no memory to speak of.
            try ProcessGuard.start()
            DescriptorLimit.raise()
            // Until the host has its own watchers. Not exit(): it would wait for pool threads, and a start may hang on a slow disk.
            let early = [SIGTERM, SIGINT].map { number in SignalWatcher(number) { _exit(0) } }
            let host = try await Host(options, environment)
            let stops = host.watchSignals()
            for watcher in early { watcher.cancel() }
            try await host.run(until: stops)
            return 0
        } catch {
            writeLine("edge: \(error)", to: STDERR_FILENO)
            return 1
        }
    }

    private init(_ options: ServeOptions, _ environment: [String: String]) async throws {
        let places = try HostPlaces(options)
        let settings = try await Self.loadSettings(options, places, environment)
        let file = try await Self.loadManifest(places, environment)
        try await Self.check(file, settings)
        let listener = try ListenAddress.open(host: options.host ?? "127.0.0.1", port: options.port)
        let state = try await StateDirectory(path: places.state)
        let keyFile = KeyFile(state: state.path)
        let apiKeys = try await Pool.run { try keyFile.read() }
        keys = apiKeys
        let folder = state.path
        let store = try await Pool.run { try LedgerStore(state: folder) }
        self.options = options
        self.environment = environment
        self.places = places
        self.settings = settings
        self.file = file
        self.listener = listener
        self.state = state
        let form = options.log ?? (isatty(STDOUT_FILENO) == 1 ? .text : .json)
        let log = LogWriter(descriptor: STDOUT_FILENO, form: form)
        self.log = log
        secrets = SecretKeeper(log: log)
        secrets.use(Self.secrets(file, settings))

        let files = JobFiles(state: state)
        files.onBuried = {
            let fate = $0.path.map { "it was moved to \($0)" } ?? "it could not be moved to jobs/dead"
            log.write(.error, "the job file \($0.id) cannot be read (\($0.reason)); \(fate)")
        }
        let images = ImageFiles(state: state)
        images.onLoss = { name, reason in
            log.write(.warning, "the image \(name.fileName) is lost: \(reason); it is made again when asked for")
        }
        let cache = ResultCache(images: images, sizeMax: file.manifest.host.cacheBytes)
        self.cache = cache
        let say: @LoopActor (String) -> Void = { log.write(.error, $0) }
        let finishing = JobFinish(files: files, images: images, cache: cache, log: say)
        let ledger = LedgerDesk(writer: LedgerWriter(store: store, log: say)) { log.write($0, $1) }
        self.ledger = ledger
        let control = ControlFronts()
        let runFolder = "\(state.path)/run"
        let isolateLog = HostIsolateLog(log)
        let functions = Functions { function, variables in
            Isolates(
                function,
                version: edgeVersion,
                runDirectory: runFolder,
                log: isolateLog,
                control: { control.handler(for: function.name, $0) },
                variables: variables
            )
        }
        self.functions = functions
        let keySets = KeySetFetch(functions: functions)
        let keyring = TokenKeyring(
            file: KeySetFile(state: state.path),
            fetch: { try await keySets.document(at: $0) },
            log: { log.write(.warning, $0) }
        )
        self.keyring = keyring
        let callers = CallerFront(keys: apiKeys, keyring: keyring)
        self.callers = callers
        let caller = FunctionCaller(functions: functions, images: images, secrets: secrets, vault: vault) {
            log.write(.warning, $0)
        }
        self.caller = caller
        details = FunctionDetails(functions: functions, caller: caller)
        let board = JobBoard(files: files, calls: caller, finishing: finishing, ledger: ledger, log: say)
        self.board = board
        let limits = LimitKeeper(files: files, log: say)
        self.limits = limits
        let outbox = WebhookOutbox(board: board) { log.write(.warning, $0) }
        self.outbox = outbox
        let alerts = AlertDelivery(outbox: outbox, board: board) { log.write(.warning, $0) }
        self.alerts = alerts
        alerts.onTold = { [unowned ledger] in await ledger.keepTold($0) }
        ledger.onAlert = { [unowned ledger] in alerts.tell($0, of: ledger.name) }
        finishing.onEnded = { outbox.ended($0) }
        jobEvents = JobEvents(board: board)
        jobAccess = JobAccess(
            board: board,
            files: files,
            finishing: finishing,
            events: jobEvents,
            isShown: { functions[$0]?.entry.isPublic ?? true }
        )
        jobFront = JobFront(
            board: board,
            caller: caller,
            cache: cache,
            answers: JobAnswers(images: images),
            events: jobEvents,
            pictures: RequestPictures(
                store: PictureStore(images: images),
                bodies: BodyMemory(limit: file.manifest.host.bodyMemoryBytes)
            ),
            limits: limits,
            outbox: outbox
        )
        inbox = Inbox(
            state: state,
            log: { log.write($0, $1) },
            submit: { [jobFront] file in await jobFront.submit(file, among: functions) }
        )
        recall = RecallFront(images: images)
        housekeeping = Housekeeping(
            files: files,
            images: images,
            cache: cache,
            board: board,
            finishing: finishing,
            limits: limits,
            log: log
        )
        let metrics = HostMetrics(isPublic: environment["EDGE_METRICS"] == "public")
        metrics.observe(board, functions, cache, log)
        ledger.observe(metrics.metrics)
        caller.onOwnRun = { [ownRuns = metrics.ownRuns] in ownRuns[$0].add() }
        operatorFront = OperatorFront(
            functions: functions,
            caller: caller,
            details: details,
            lanes: board.lanes,
            jobs: OperatorJobs(front: jobFront, functions: functions),
            ledger: ledger,
            url: StartupText.url(of: listener.address)
        )
        let readiness = Readiness()
        handler = HostHandler(
            functions: functions,
            jobs: jobFront,
            dialects: DialectFront(
                jobs: jobFront,
                images: images,
                details: details,
                log: log,
                refused: metrics.count
            ),
            images: ImageFront(images: images),
            callers: callers,
            limits: limits,
            tokens: TokenFront(functions: functions, caller: caller, vault: vault, log: log) { [recall] in
                recall.forgetAll()
            },
            recall: recall,
            metrics: metrics,
            log: log,
            policy: Self.policy(file.manifest, options),
            isReady: { readiness.isReady() }
        )
        server = HTTPServer(handler: handler)
        operatorFront.clients = handler
        board.guards = [limits, OverflowGuard(board: board) { [unowned board] in board.hasTiers() }, ledger]
        board.tierOf = { [unowned limits] in limits.tier(of: $0, $1, $2) }
        board.hasTiers = { [unowned limits] in limits.settings.tiers != nil }
        limits.serial = { [unowned board] in board.serial }
        limits.onChange = { [recall] in recall.standsAside = $0.limitsRequests }
        callers.onChange = { [unowned limits, unowned callers] in limits.use(knowsCallers: callers.knowsCallers) }
        cache.onRemoved = { [recall] in recall.forget(cacheKey: $0) }
        keyring.onChange = { [recall] in
            callers.use($0)
            recall.forgetAll()
        }
        recall.onUse = { [cache] in cache.use(key: $0) }
        readiness.isReady = { [unowned self] in phase == .serving }
        control.make = { [unowned self] name, hasCall in
            ControlFront(
                function: name,
                hasCall: hasCall,
                jobs: jobAccess,
                images: images,
                grants: { functions[name]?.entry.grants ?? [] },
                service: { [unowned self] in await serviceDocument() },
                log: log,
                refused: metrics.count
            )
        }
    }

    /// Only the owner of the state folder can open it: the run folder has mode 0700.
    private func openOperatorSocket() {
        do {
            let socket = try OperatorSocket(state: state.path)
            // What a killed host left; the state's lock says that none runs now.
            if case .unix(let path) = socket.address { unlink(path) }
            operatorServer = HTTPServer(try Listener(socket.address), handler: operatorFront)
        } catch {
            log.write(.warning, "`edge providers`, `edge jobs` and `edge spend` cannot reach this host: \(error)")
        }
    }

    private func serviceDocument() async -> JSONObject {
        let details = await details.current()
        return ServiceDocument(
            functions: functions,
            board: board,
            started: started,
            isThrowAway: state.isThrowAway,
            isStopping: phase == .stopping,
            settings: settings,
            details: details
        ).json
    }

    // MARK: Running

    private func run(until stops: AsyncStream<Int32>) async throws {
        apply(file, settings)
        do {
            try await useTokenKeys()
            try await housekeeping.adopt()
        } catch let error as HostError {
            await functions.stop(within: Self.lastMoment)
            log.finish()
            throw error
        } catch {
            log.write(.error, "the job files could not be read: \(error)")
        }
        alerts.isOpen = true
        ledger.repeatAlerts()
        openOperatorSocket()
        await watchKeys()
        server.serve(listener)
        phase = .serving
        StartupText(self).write()
        keyring.use(file.manifest.host.jwt.keysURL)  // what it may have to say comes after the start's own lines
        watchFiles()
        housekeeping.start()
        inbox.start()
        for await _ in stops { break }
        await stop()
    }
}

/// Lets what is made before the host ask it later.
@LoopActor
private final class Readiness {
    var isReady: @LoopActor () -> Bool = { false }
}

/// Makes the handler of each isolate's control socket, once the host is complete.
@LoopActor
private final class ControlFronts {
    var make: (@LoopActor (String, @escaping @LoopActor (String) -> Bool) -> ControlFront)?

    func handler(for function: String, _ hasCall: @escaping @LoopActor (String) -> Bool) -> any HTTPHandler {
        guard let make else { preconditionFailure("no isolate starts before the host is complete") }
        return make(function, hasCall)
    }
}

/// Writes one line with its end; for words before there is a log.
func writeLine(_ text: String, to descriptor: Int32) {
    let bytes = Array((text + "\n").utf8)
    _ = write(descriptor, bytes, bytes.count)
}
