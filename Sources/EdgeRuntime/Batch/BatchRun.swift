// `edge run`: a file of requests, made by the host that runs, or by one of its own.
internal import CivilTime
package import EdgeLoop
internal import Glibc
internal import JSON
package import Secrets

/// What the command was told.
package struct BatchOptions: Sendable {
    package var file: String
    package var folder: String
    package var function = "generate"
    package var parallel = 4
    /// `http://host:port`; nil: the host that runs on ``state``, or one that is started for the batch.
    package var url: String?
    package var state = ".edge"
    /// For a host that is started: its functions.json, env files and environment.
    package var functions: String?
    package var envFiles: [String] = []
    package var environment: [String: String] = [:]
    /// Says who asks; nil: nobody known.
    package var key: SecretValue?
    /// Whether progress is one line that is written over.
    package var isTerminal = false

    package static let parallelMax = 64

    package init(file: String, folder: String) {
        self.file = file
        self.folder = folder
    }
}

/// Submits the lines that have no images yet, a few at once, and writes what becomes of them.
@LoopActor
package final class BatchRun {
    private let options: BatchOptions
    private let say: @LoopActor (String) -> Void
    private let warn: @LoopActor (String) -> Void
    private var host: BatchHost?
    private var workers: [Task<Void, Never>] = []
    private var signals: [SignalWatcher] = []
    private var started = ContinuousClock.now
    private var waiting: ArraySlice<BatchLine> = []
    private var progress = BatchProgress(total: 0, before: 0)
    private var stop: (any Error)?

    /// A host that goes, or one that comes, is waited for this long.
    private static let ownedMax = Duration.seconds(15)
    private static let lookAgain = Duration.milliseconds(200)

    /// - Parameters:
    ///   - say: writes text as it is.
    ///   - warn: the same for what is no progress.
    package init(
        _ options: BatchOptions,
        say: @escaping @LoopActor (String) -> Void,
        warn: @escaping @LoopActor (String) -> Void
    ) {
        self.options = options
        self.say = say
        self.warn = warn
    }

    /// Runs to the end. What goes wrong for all lines is in the outcome's `errors`; a second run goes on from there.
    package func run() async -> CommandOutcome {
        signals = [SIGINT, SIGTERM].map { number in SignalWatcher(number) { [unowned self] in interrupt(number) } }
        var outcome: CommandOutcome
        do {
            outcome = try await make()
        } catch {
            outcome = CommandOutcome(errors: "edge run: \(stop ?? error)\n", status: 1)
        }
        await host?.stop()
        if let interrupted = stop as? Interrupted { outcome.status = 128 + interrupted.signal }
        return outcome
    }

    private func make() async throws -> CommandOutcome {
        let path = HostPlaces.absolute(options.file)
        let bytes = try await Pool.run {
            try FileWriter(calls: .system).read(path, bytesMax: BatchFile.bytesMax)
        }
        let file: BatchFile
        do {
            file = try BatchFile(bytes, path: path, function: options.function)
        } catch {
            return CommandOutcome(errors: "\(options.file): \(error)\n", status: 2)
        }
        let url: String
        switch await address() {
        case .success(let found): url = found
        case .failure(let outcome): return outcome.outcome
        }
        let results = try await BatchResults(folder: HostPlaces.absolute(options.folder))
        let client = try await client(url)
        defer { client.close() }
        waiting = file.lines.filter { !results.made.contains($0.key) }[...]
        progress = BatchProgress(total: file.lines.count, before: file.lines.count - waiting.count)
        started = .now
        showBar()
        if let stop { throw stop }
        workers = (0..<min(options.parallel, max(1, waiting.count))).map { _ in
            Task(executorPreference: LoopActor.tasks) { await self.work(client, results) }
        }
        for worker in workers { await worker.value }
        if options.isTerminal { say("\n") }
        if let stop {
            return CommandOutcome(
                errors: "edge run: \(stop)\nThe same command goes on from here.\n",
                status: 1
            )
        }
        return CommandOutcome(output: progress.summary + "\n", status: progress.failed > 0 ? 1 : 0)
    }

    /// The operator's own batch goes by the host's socket, where limits for callers do not hold; a key is a caller like any other.
    private func client(_ url: String) async throws -> BatchClient {
        let (function, connections) = (options.function, options.parallel)
        if options.url == nil, options.key == nil {
            return try BatchClient(
                state: HostPlaces.absolute(options.state),
                function: function,
                connections: connections
            )
        }
        return try await BatchClient(url: url, function: function, connections: connections, key: options.key)
    }

    // MARK: Ending

    private struct Interrupted: Error, CustomStringConvertible {
        let signal: Int32
        var description: String { "stopped by signal \(signal)" }
    }

    /// The first signal ends what waits, and then the host; a second one ends all at once: the host dies with this process.
    private func interrupt(_ signal: Int32) {
        if stop is Interrupted { _exit(128 + signal) }
        giveUp(Interrupted(signal: signal))
    }

    private func giveUp(_ reason: any Error) {
        if stop == nil || reason is Interrupted { stop = reason }
        for worker in workers { worker.cancel() }
    }

    // MARK: The host

    private struct Refusal: Error {
        let outcome: CommandOutcome
    }

    /// Where the host listens; one is started where none runs.
    private func address() async -> Result<String, Refusal> {
        if let url = options.url { return .success(url) }
        let end = ContinuousClock.now + Self.ownedMax
        while true {
            let asked = await askedHost()
            if asked.status == 0 {
                if host == nil, options.functions != nil || !options.envFiles.isEmpty {
                    warn(
                        "a host runs on \(options.state) already: --functions and --env-file are for a host that edge run starts\n"
                    )
                }
                return .success(asked.output)
            }
            guard asked.findsNoHost else { return .failure(Refusal(outcome: asked)) }
            if let stop { return .failure(Refusal(outcome: Self.failed("\(stop)"))) }
            do {
                return .success(try await startHost())
            } catch let error as BatchHost.Failed where error.isOwned && ContinuousClock.now < end {
                // One that was killed with its batch is about to be gone; one that starts will answer.
                host = nil
                try? await sleep(for: Self.lookAgain)
            } catch {
                host = nil
                return .failure(Refusal(outcome: Self.failed("\(error)")))
            }
        }
    }

    private func askedHost() async -> CommandOutcome {
        await OperatorCommand(state: options.state).asking("GET", "/v1/host") { $0["url"]?.string ?? "" }
    }

    private func startHost() async throws -> String {
        warn("no host runs on \(options.state): starting one for this batch\n")
        let host = try BatchHost(options) { [warn, options] in
            warn((options.isTerminal ? "\r\u{1b}[K" : "") + $0 + "\n")
        }
        self.host = host
        host.onEnd = { [unowned self] in giveUp($0) }
        return try await host.ready { [unowned self] in
            let asked = await askedHost()
            return asked.status == 0 ? asked.output : nil
        }
    }

    private static func failed(_ reason: String) -> CommandOutcome {
        CommandOutcome(errors: "edge run: \(reason)\n", status: 1)
    }

    // MARK: Lines

    private func work(_ client: BatchClient, _ results: BatchResults) async {
        while stop == nil, let line = waiting.popFirst() {
            do {
                try await make(line, client, results)
            } catch {
                stop = stop ?? error
            }
        }
    }

    private func make(_ line: BatchLine, _ client: BatchClient, _ results: BatchResults) async throws {
        let begun = ContinuousClock.now
        var result: JSONObject = ["line": .integer(Int64(line.number)), "key": .string(line.key)]
        let key = line.sentKey(failures: results.failures[line.key] ?? 0)
        switch try await client.run(line, key: key) {
        case .succeeded(let document):
            var names: [String] = []
            for (index, image) in (document["images"]?.array ?? []).enumerated() {
                let type = image["type"]?.string ?? ""
                let name = line.fileName(image: index, ext: ImageFileType.fileExtension(ofType: type))
                try await results.write(try await client.image(image), to: name)
                names.append(name)
            }
            result["state"] = "succeeded"
            result["job"] = document["id"]
            result["files"] = .array(names.map { .string($0) })
            for fact in JobResult.shownFacts { result[fact] = document[fact] }
            progress.succeeded(cost: document["cost"]?.integer)
            tell("line \(line.number): \(names.joined(separator: ", "))", isFailure: false)
        case .failed(let status, let problem):
            result["state"] = "failed"
            result["job"] = problem["job"]
            result["status"] = .integer(Int64(status))
            result["code"] = problem["code"]
            let message = problem["message"]?.string ?? "the host answered \(status)"
            result["message"] = .string(message)
            progress.lineFailed()
            tell("line \(line.number) failed: \(message)", isFailure: true)
        }
        result["seconds"] = .double(((ContinuousClock.now - begun).inSeconds * 1000).rounded() / 1000)
        try await results.add(result)
    }

    // MARK: Telling

    private func tell(_ text: String, isFailure: Bool) {
        guard options.isTerminal else { return say("\(progress.ended)/\(progress.total) \(text)\n") }
        if isFailure { say("\r\u{1b}[K\(text)\n") }
        showBar()
    }

    private func showBar() {
        guard options.isTerminal else { return }
        say("\r\u{1b}[K" + progress.bar(after: ContinuousClock.now - started))
    }
}
