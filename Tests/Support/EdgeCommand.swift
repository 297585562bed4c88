// Runs `edge` with arguments to its end.
public import EdgeLoop

/// What a command did.
public struct EdgeCommandResult: Sendable {
    public let exit: ChildExit
    public let output: String
    public let errors: String

    /// All it wrote.
    public var text: String { output + errors }
}

/// Runs a command of `edge` and waits for its end.
@LoopActor
public func runEdge(
    _ arguments: [String],
    in folder: TemporaryFolder,
    environment: [(name: String, value: String)] = []
) async throws -> EdgeCommandResult {
    await HostSlots.commands.take()
    defer { HostSlots.commands.giveBack() }
    var options = ChildOptions(program: BuiltPrograms.edge)
    options.arguments = arguments
    options.environment = [("PATH", "/usr/bin:/bin")] + environment
    options.directory = folder.path
    options.openFilesMax = 1024
    let child = try ChildProcess(options)
    let output = OutputLines(child.output)
    let errors = OutputLines(child.error)
    do {
        try await output.end()
        try await errors.end()
    } catch {
        child.killGroup()
        throw WaitedTooLong(
            what: "edge \(arguments.joined(separator: " ")) to end; it wrote:\n\(output.text)\(errors.text)",
            limit: Changes.patience
        )
    }
    return EdgeCommandResult(exit: await child.wait(), output: output.text, errors: errors.text)
}
