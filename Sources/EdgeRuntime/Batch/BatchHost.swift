// A host of the batch's own, where none runs: `edge serve` as a child, on a free loopback port.
internal import EdgeLoop
internal import Glibc
internal import JSON

/// Runs until ``stop()``, and dies with this process whatever happens to it.
@LoopActor
final class BatchHost {
    /// It ended although nobody had told it to, or never got ready.
    struct Failed: Error, CustomStringConvertible {
        let description: String
        /// Whether another host has the state folder, so that another try may do.
        var isOwned = false
    }

    private let child: ChildProcess
    private let tell: @LoopActor (String) -> Void
    private var readers: [OutputReader] = []
    /// What it says on stderr before it is ready: its operator's key is shown once, its reasons are told when it ends.
    private var early: [String] = []
    private var isReady = false
    private var isStopping = false
    /// Told when it ends before it is stopped.
    var onEnd: @LoopActor (Failed) -> Void = { _ in }

    /// How long it may take up what an earlier host left.
    private static let startMax = Duration.seconds(120)
    private static let lookAgain = Duration.milliseconds(50)

    /// - Parameter tell: writes a line for the person at the terminal.
    init(_ options: BatchOptions, tell: @escaping @LoopActor (String) -> Void) throws {
        guard let path = realpath("/proc/self/exe", nil) else { throw SystemError.last(doing: "finding edge itself") }
        defer { free(path) }
        var start = ChildOptions(program: String(cString: path))
        start.arguments = ["serve", "--host", "127.0.0.1", "--port", "0", "--state", options.state, "--log", "json"]
        if let functions = options.functions { start.arguments += ["--functions", functions] }
        for file in options.envFiles { start.arguments += ["--env-file", file] }
        start.environment = options.environment.filter { $0.key != BatchOptions.keyVariable }.map { ($0.key, $0.value) }
        start.openFilesMax = DescriptorLimit.raise()
        start.oomScore = 0
        self.tell = tell
        child = try ChildProcess(start)
        readers = [
            OutputReader(child.output) { [weak self] in self?.logged($0.bytes) },
            OutputReader(child.error) { [weak self] in self?.said($0.text) },
        ]
        Task { @LoopActor [weak self, child] in
            let exit = await child.wait()
            self?.ended(exit)
        }
    }

    /// Waits until it answers, and gives its URL.
    /// - Parameter ask: asks the state folder's host for its URL; nil: nobody answers.
    func ready(_ ask: @LoopActor () async -> String?) async throws -> String {
        let end = ContinuousClock.now + Self.startMax
        while child.exit == nil {
            if let url = await ask(), child.exit == nil {
                isReady = true
                for line in early { tell(line) }
                return url
            }
            guard ContinuousClock.now < end else {
                await stop()
                throw Failed(description: "the host did not get ready in \(Self.startMax.components.seconds) s")
            }
            try await sleep(for: Self.lookAgain)
        }
        for reader in readers { reader.finish() }
        let reason = early.joined(separator: "\n")
        throw Failed(
            description: reason.isEmpty ? "the host ended at its start" : reason,
            isOwned: reason.contains(StateError.ownedMark)
        )
    }

    /// Has it end as on SIGTERM: what runs gets the drain's time, what waits stays on disk.
    func stop() async {
        isStopping = true
        child.signal(SIGTERM)
        _ = await child.wait()
        for reader in readers { reader.finish() }
    }

    private func ended(_ exit: ChildExit) {
        guard isReady, !isStopping else { return }
        onEnd(Failed(description: "the host of this batch \(exit)"))
    }

    /// Of its log only what somebody should know.
    private func logged(_ line: [UInt8]) {
        guard let record = try? JSONValue.parse(line), record["level"]?.string != LogLevel.info.rawValue,
            let message = record["message"]?.string
        else { return }
        tell(record["function"]?.string.map { "\($0): \(message)" } ?? message)
    }

    private func said(_ text: String) {
        if isReady { tell(text) } else { early.append(text) }
    }
}
