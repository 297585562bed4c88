// Runs any program to its end: a shell, node, nginx.
internal import EdgeLoop

/// Runs a program with PATH and `environment` and waits for its end.
/// - Parameter program: absolute path.
@LoopActor
public func runProgram(
    _ program: String,
    _ arguments: [String],
    in folder: TemporaryFolder,
    environment: [(name: String, value: String)] = []
) async throws -> EdgeCommandResult {
    var options = ChildOptions(program: program)
    options.arguments = arguments
    options.environment = [("PATH", "/usr/bin:/bin:/usr/sbin:/sbin"), ("HOME", folder.path)] + environment
    options.directory = folder.path
    options.openFilesMax = 4096
    let child = try ChildProcess(options)
    let output = OutputLines(child.output)
    let errors = OutputLines(child.error)
    do {
        try await output.end()
        try await errors.end()
    } catch {
        child.killGroup()
        throw WaitedTooLong(what: "\(program) to end; it wrote:\n\(output.text)\(errors.text)", limit: Changes.patience)
    }
    return EdgeCommandResult(exit: await child.wait(), output: output.text, errors: errors.text)
}
