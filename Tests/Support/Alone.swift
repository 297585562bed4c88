// A test in a process of its own, for what belongs to a whole process: its variables.
internal import EdgeLoop
internal import Glibc

/// Runs `body` in a second process of this test program, in which no other test runs. (The exit tests of Swift Testing do not
/// get along with children of libuv: either may miss the end of its own.)
/// - Parameter file: names the suite, which has its file's name.
/// - Throws: what the other process wrote, when `body` fails there.
@LoopActor
public func alone(
    file: String = #fileID,
    line: Int = #line,
    _ body: @LoopActor () async throws -> Void
) async throws {
    let mark = "EDGE_TEST_ALONE"
    let here = "\(file):\(line)"
    if let asked = getenv(mark) {
        if String(cString: asked) == here { try await body() }
        return
    }
    await HostSlots.commands.take()
    defer { HostSlots.commands.giveBack() }
    var options = ChildOptions(program: "/proc/self/exe")
    let suite = file.replacing("/", with: ".").replacing(".swift", with: "")
    options.arguments = ["--testing-library", "swift-testing", "--filter", "^\(suite)/"]
    options.environment =
        [(mark, here)]
        + ["PATH", "LD_LIBRARY_PATH", "TMPDIR"].compactMap { name in
            getenv(name).map { (name, String(cString: $0)) }
        }
    let child = try ChildProcess(options)
    let output = OutputLines(child.output)
    let errors = OutputLines(child.error)
    do {
        try await output.end()
        try await errors.end()
    } catch {
        child.killGroup()
        throw FailedAlone(text: "\(error)\n\(output.text)\(errors.text)")
    }
    let exit = await child.wait()
    if exit != .exited(0) { throw FailedAlone(text: "\(exit)\n\(output.text)\(errors.text)") }
}

private struct FailedAlone: Error, CustomStringConvertible {
    let text: String
    var description: String { "the test failed in its own process: \(text)" }
}
