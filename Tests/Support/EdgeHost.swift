// The real host under test, with a state folder of its own.
public import EdgeLoop
internal import Glibc
internal import JSON

/// Runs `edge serve` for the length of `body`, then ends it whatever happened.
@LoopActor
@discardableResult
public func withEdge<Output>(
    _ options: EdgeOptions = EdgeOptions(),
    _ body: @LoopActor (EdgeHost) async throws -> Output
) async throws -> Output {
    try await withEdge(EdgeHost(options), body)
}

/// The same for a host whose folder was prepared.
@LoopActor
@discardableResult
public func withEdge<Output>(
    _ host: EdgeHost,
    _ body: @LoopActor (EdgeHost) async throws -> Output
) async throws -> Output {
    await HostSlots.hosts.take()
    defer { HostSlots.hosts.giveBack() }
    do {
        try await host.start()
        let output = try await body(host)
        try await host.end()
        return output
    } catch {
        try? await host.end()
        throw HostTestFailure(error: error, said: host.said)
    }
}

/// Takes the place of a host for the length of `body`, for what starts one by itself.
@LoopActor
@discardableResult
public func withHostSlot<Output>(_ body: @LoopActor () async throws -> Output) async rethrows -> Output {
    await HostSlots.hosts.take()
    defer { HostSlots.hosts.giveBack() }
    return try await body()
}

/// A test's error with the host's last words.
public struct HostTestFailure: Error, CustomStringConvertible {
    public let error: any Error
    let said: String

    public var description: String { "\(error)\n--- the host said:\n\(said.suffix(4000))" }
}

/// One host: a program that can be stopped, killed and started again on the same state.
@LoopActor
public final class EdgeHost {
    public var options: EdgeOptions
    /// The host's working folder: functions.json, env files, and the state in `state`.
    public let folder: TemporaryFolder
    public private(set) var port: UInt16 = 0
    private var child: ChildProcess?
    public private(set) var outputs: [(output: OutputLines, errors: OutputLines)] = []

    public init(_ options: EdgeOptions = EdgeOptions()) {
        self.options = options
        folder = TemporaryFolder(in: options.place)
        let manifest = options.manifest ?? TestManifest.bundled
        folder.write(manifest.text(pretty: true), to: "functions.json")
        folder.write(options.settings.text(pretty: true), to: "generate.json")
        for file in options.files {
            folder.write(file.text, to: file.name)
            chmod("\(folder.path)/\(file.name)", 0o600)
        }
    }

    public var state: String { "\(folder.path)/state" }
    public var manifestPath: String { "\(folder.path)/functions.json" }

    /// The process id; 0 when it does not run.
    public var id: Int32 { child?.id ?? 0 }

    /// stdout and stderr of the run that is on, or was the last.
    public var output: OutputLines { outputs[outputs.count - 1].output }
    public var errors: OutputLines { outputs[outputs.count - 1].errors }

    /// All that every run has written.
    public var said: String { outputs.map { $0.output.text + $0.errors.text }.joined(separator: "--- next run\n") }

    /// Starts it without waiting for anything.
    public func launch() throws {
        precondition(child == nil, "the host runs already")
        var start = ChildOptions(program: BuiltPrograms.edge)
        start.arguments = ["serve", "--functions", "functions.json", "--state", "state"]
        if let port = options.port { start.arguments += ["--port", port] }
        start.arguments += options.arguments
        start.environment = [("PATH", "/usr/bin:/bin")] + options.environment
        start.directory = folder.path
        start.openFilesMax = 8192
        start.oomScore = 300
        let child = try ChildProcess(start)
        self.child = child
        outputs.append((OutputLines(child.output), OutputLines(child.error)))
    }

    /// Starts it and waits for the line with its URL.
    public func start() async throws {
        try launch()
        let line = try await output.line(containing: "http://")
        guard let port = Self.port(in: line) else { throw OutputEnded(part: "http://...:port", text: line) }
        self.port = port
    }

    /// The port in the first URL of a line.
    static func port(in line: String) -> UInt16? {
        guard let start = line.firstRange(of: "http://")?.upperBound else { return nil }
        let address = line[start...].prefix { !" /\"".contains($0) }
        return address.lastIndex(of: ":").flatMap {
            UInt16(address[address.index(after: $0)...].prefix { $0.isNumber })
        }
    }

    public func signal(_ number: Int32) { child?.signal(number) }

    /// Waits for its end, which something else brings about.
    public func ended() async throws -> ChildExit {
        guard let child else { preconditionFailure("the host does not run") }
        let box = ExitBox()
        Task { @LoopActor in
            box.exit = await child.wait()
            box.changes.notify()
        }
        try await box.changes.wait(for: "the host to end") { box.exit != nil }
        try await output.end()
        try await errors.end()
        self.child = nil
        guard let exit = box.exit else { preconditionFailure("it has just ended") }
        return exit
    }

    /// SIGKILL, and nothing before it.
    public func kill() async throws {
        guard let child, child.exit == nil else {
            self.child = nil
            return
        }
        child.signal(SIGKILL)
        _ = try await ended()
    }

    /// Kills it and starts it again on the same state.
    public func restart() async throws {
        try await kill()
        try await start()
    }

    func end() async throws { try await kill() }
}

@LoopActor
private final class ExitBox {
    var exit: ChildExit?
    let changes = Changes()
}
