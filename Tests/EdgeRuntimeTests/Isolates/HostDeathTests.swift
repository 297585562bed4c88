import EdgeLoop
import Glibc
import TestSupport
import Testing

@testable import EdgeRuntime

@Suite(.timeLimit(.minutes(5)))
struct HostDeathTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `a host that is killed takes its isolates and what they have started with it`() async throws {
        let folder = TemporaryFolder()
        var options = ChildOptions(program: TestIsolates.program("TestHost"))
        options.arguments = [TestIsolates.program("TestFunction"), folder.path + "/f"]
        options.environment = [("PATH", "/usr/bin:/bin")]
        let host = try ChildProcess(options)
        let lines = Lines(host.output)
        let isolate = try #require(Int32(await lines.first))
        while !isListening(folder.path + "/f") { try await sleep(for: .milliseconds(5)) }
        let groupBefore = entries(of: "/proc").compactMap { Int32($0) }.count { getpgid($0) == isolate }

        host.signal(SIGKILL)
        let exit = await host.wait()

        #expect(exit == .signaled(SIGKILL))
        #expect(groupBefore == 2)  // the function and its child
        #expect(await groupIsGone(isolate))
    }

    private func isListening(_ path: String) -> Bool { access(path, F_OK) == 0 }
}

/// The first line that a process writes.
@LoopActor
private final class Lines {
    private let line = OneShot<String>()
    private var reader: OutputReader?

    init(_ socket: Socket) {
        reader = OutputReader(socket) { [line] in line.finish($0.text) }
    }

    var first: String {
        get async { await line.wait() }
    }
}
