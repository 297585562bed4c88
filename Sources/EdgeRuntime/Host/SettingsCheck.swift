// Whether functions can read their settings: asked of the programs themselves before anybody is served.
internal import EdgeLoop
internal import Glibc
internal import Secrets

/// Runs each program that has a settings file, or works for the host alone and has variables, once with `EDGE_CHECK=1`: it reads what
/// it would read at its start, and ends with status 0 or with a line on stderr.
@LoopActor
enum SettingsCheck {
    /// Lines of a program's complaint that are shown.
    private static let linesMax = 10

    /// - Parameters:
    ///   - redactor: takes secrets out of what they say.
    ///   - place: where a variable is set, for what they say of one.
    ///   - environment: what each gets.
    /// - Throws: ``HostError`` with what the first program says that cannot use its settings.
    static func run(
        _ file: ManifestFile,
        redactor: Redactor,
        place: (String) -> String?,
        environment: @LoopActor (FunctionEntry) -> [(name: String, value: String)]
    ) async throws(HostError) {
        for entry in file.manifest.functions {
            guard let program = file.programs[entry.name] else { continue }
            let named = environment(entry)
            // Nobody would be told of a mistake in what a function of the host's own is given.
            guard file.settings[entry.name] != nil || !entry.isPublic && !named.isEmpty else { continue }
            guard let said = await complaint(of: entry, program, file.folder, named, redactor) else { continue }
            let lines = said.map { line in
                let about = named.first { line.contains($0.name) }.flatMap { place($0.name) }
                return about.map { "\(line) (set in \($0))" } ?? line
            }
            throw HostError(lines.joined(separator: "\n"))
        }
    }

    /// What a program says that cannot use its settings; nil for one that can.
    private static func complaint(
        of entry: FunctionEntry,
        _ program: String,
        _ folder: String,
        _ named: [(name: String, value: String)],
        _ redactor: Redactor
    ) async -> [String]? {
        var options = ChildOptions(program: program)
        options.arguments = Array(entry.run.dropFirst())
        options.directory = folder
        options.environment = isolateEnvironment(
            function: entry.name,
            version: edgeVersion,
            endpoint: .socket(path: "/dev/null"),
            control: "/dev/null",
            named: named + [("EDGE_CHECK", "1")],
            host: { name in getenv(name).map { String(cString: $0) } }
        )
        let child: ChildProcess
        do {
            child = try ChildProcess(options)
        } catch {
            return ["functions.\(entry.name): its program cannot be started: \(error)"]
        }
        var said: [String] = []
        let readers = [child.output, child.error].map { socket in
            OutputReader(socket, redactor: redactor) { line in
                if socket === child.error, said.count < linesMax { said.append(line.text) }
            }
        }
        let timer = LoopTimer(after: entry.startTimeout) { child.killGroup() }
        let exit = await child.wait()
        timer.cancel()
        for reader in readers { reader.finish() }
        guard exit != .exited(0) else { return nil }
        return said.isEmpty ? ["functions.\(entry.name): its check of settings \(exit)"] : said
    }
}
