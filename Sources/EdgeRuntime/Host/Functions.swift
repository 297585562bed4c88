// The functions that are served now, each with its processes.
internal import EdgeHTTP
internal import EdgeLoop
internal import Secrets

/// One function of the manifest with its processes.
@LoopActor
final class LiveFunction {
    nonisolated let name: String
    private(set) var entry: FunctionEntry
    let isolates: Isolates

    init(_ entry: FunctionEntry, isolates: Isolates) {
        name = entry.name
        self.entry = entry
        self.isolates = isolates
    }

    func update(_ entry: FunctionEntry) { self.entry = entry }
}

/// What changes what functions get: their program's path, and the settings that their entries name.
struct FunctionSources: Sendable {
    /// Absolute, by function.
    let programs: [String: String]
    /// Absolute, by function: a file of its own settings, for those that have one.
    let files: [String: String]
    /// Absolute: the working folder of every function.
    let folder: String
    let settings: SettingsStack

    /// What an entry names, with values; a name that nothing sets is left out.
    @LoopActor
    func variables(of entry: FunctionEntry) -> Isolates.Variables {
        let named = (entry.env + entry.secrets).compactMap { name in
            settings[name].map { (name: name, value: $0.value.reveal()) }
        }
        return files[entry.name].map { named + [("EDGE_SETTINGS", $0)] } ?? named
    }
}

/// Starts, replaces and stops functions as manifest and settings change.
@LoopActor
final class Functions {
    private var live: [String: LiveFunction] = [:]
    /// Those that the manifest names no more, while they finish their calls.
    private var leaving: [ObjectIdentifier: LiveFunction] = [:]
    private(set) var manifest = Manifest()
    private(set) var router = Router(Manifest())
    private var sources: FunctionSources?
    private let makeIsolates: @LoopActor (IsolateFunction, @escaping @LoopActor () -> Isolates.Variables) -> Isolates

    init(
        makeIsolates: @escaping @LoopActor (IsolateFunction, @escaping @LoopActor () -> Isolates.Variables) -> Isolates
    ) {
        self.makeIsolates = makeIsolates
    }

    subscript(name: String) -> LiveFunction? { live[name] }

    /// In the manifest's order.
    var all: [LiveFunction] { manifest.functions.compactMap { live[$0.name] } }

    /// Goes over to another manifest, or to other settings. Functions that are gone finish their calls in the background.
    func apply(_ manifest: Manifest, _ sources: FunctionSources) {
        self.sources = sources
        self.manifest = manifest
        router = Router(manifest)
        for entry in manifest.functions {
            guard let program = sources.programs[entry.name] else {
                preconditionFailure("\(entry.name) has no program")
            }
            var function = IsolateFunction(entry, program: program, folder: sources.folder)
            function.settings = sources.files[entry.name]
            if let existing = live[entry.name] {
                existing.update(entry)
                existing.isolates.replace(function)
            } else {
                live[entry.name] = LiveFunction(
                    entry,
                    isolates: makeIsolates(function) { [unowned self] in variables(of: entry.name) }
                )
                live[entry.name]?.isolates.warmUp()
            }
        }
        for (name, function) in live where manifest[name] == nil {
            live[name] = nil
            leaving[ObjectIdentifier(function)] = function
            Task { @LoopActor in
                await function.isolates.retire()
                leaving[ObjectIdentifier(function)] = nil
            }
        }
    }

    /// What an entry names, with values; a name that nothing sets is left out.
    private func variables(of name: String) -> Isolates.Variables {
        guard let entry = manifest[name], let sources else { return [] }
        return sources.variables(of: entry)
    }

    /// Tells the calls that wait for a process (one may be starting) that they will get none.
    func refuseWaiting() {
        for function in all + leaving.values { function.isolates.refuseWaiting() }
    }

    /// Ends every process; what runs and waits gets this long.
    func stop(within limit: Duration) async {
        let tasks = (all + leaving.values).map { function in
            Task { @LoopActor in await function.isolates.stop(within: limit) }
        }
        for task in tasks { await task.value }
    }
}

extension IsolateFunction {
    init(_ entry: FunctionEntry, program: String, folder: String) {
        self.init(name: entry.name, program: program, folder: folder)
        arguments = Array(entry.run.dropFirst())
        listen = entry.listen == .port ? .port : .socket
        startTimeout = entry.startTimeout
        idle = entry.idle
        warm = entry.warm
        // A job function's runs and its admissions share its process: neither may starve the other.
        concurrency = entry.job.map { max(entry.concurrency, $0.concurrency * 2) } ?? entry.concurrency
        queue = entry.queue
        memoryBytes = entry.memoryBytes
        openFiles = entry.openFiles
    }
}
