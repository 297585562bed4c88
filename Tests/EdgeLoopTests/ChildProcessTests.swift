import EdgeLoop
import Glibc
import TestSupport
import Testing

struct ChildProcessTests {
    init() { TestLoop.start() }

    /// In a process of its own, for variables belong to a whole process.
    @Test @LoopActor func `a child gets its arguments, folder and variables, and nothing else`() async throws {
        try await alone { try await variables() }
    }

    @LoopActor private func variables() async throws {
        let folder = TemporaryFolder()
        setenv("EDGE_TEST_LEAK", "1", 1)
        var options = ChildOptions(program: "/bin/sh")
        options.arguments = [
            "-c", "pwd; env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD=; ls /proc/self/fd | wc -l",
        ]
        options.environment = [("A", "1"), ("B", "two words")]
        options.directory = folder.path

        let child = try ChildProcess(options)
        let text = await child.output.readAll()

        #expect(await child.wait() == .exited(0))
        // ls itself holds a fourth descriptor: the folder that it lists
        #expect(text == "\(folder.path)\nA=1\nB=two words\n4\n")
    }

    @Test @LoopActor func `limits and the oom score are set`() async throws {
        var options = ChildOptions(program: "/bin/sh")
        options.arguments = ["-c", "ulimit -n; ulimit -d; cat /proc/self/oom_score_adj"]
        options.environment = [("PATH", "/usr/bin:/bin")]
        options.dataBytesMax = 64 << 20
        options.openFilesMax = 77
        options.oomScore = 300

        let child = try ChildProcess(options)
        let text = await child.output.readAll()

        #expect(text == "77\n\(64 << 10)\n300\n")
    }

    @Test @LoopActor func `a program that does not exist is an error that names it`() {
        #expect(throws: SystemError(code: ENOENT, doing: "starting /nonexistent/program")) {
            _ = try ChildProcess(ChildOptions(program: "/nonexistent/program"))
        }
    }

    @Test @LoopActor func `the end says the signal, and the group goes with the child`() async throws {
        var options = ChildOptions(program: "/bin/sh")
        options.arguments = ["-c", "sleep 1000 & echo $!; wait"]
        options.environment = [("PATH", "/usr/bin:/bin")]
        let child = try ChildProcess(options)
        let grandchild = try #require(Int32(await child.output.readLine()))

        child.signal(SIGTERM)

        #expect(await child.wait() == .signaled(SIGTERM))
        #expect(await child.output.readAll() == "")  // the pipe ends when the last process of the group is gone
        #expect(grandchild > 0)
    }
}

extension Socket {
    /// Reads to the end of the stream.
    @LoopActor func readAll() async -> String {
        var all: [UInt8] = []
        while let part = await readSome() { all += part }
        return String(decoding: all, as: UTF8.self)
    }

    /// Reads one line; what follows it must not have been sent yet.
    @LoopActor func readLine() async -> String {
        var all: [UInt8] = []
        while all.last != UInt8(ascii: "\n"), let part = await readSome() { all += part }
        return String(decoding: all.dropLast(), as: UTF8.self)
    }

    @LoopActor private func readSome() async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            handler = ReadOnce(self, continuation)
            interest = .read
        }
    }
}

@LoopActor
private final class ReadOnce: SocketHandler {
    private let socket: Socket
    private let continuation: CheckedContinuation<[UInt8]?, Never>

    init(_ socket: Socket, _ continuation: CheckedContinuation<[UInt8]?, Never>) {
        self.socket = socket
        self.continuation = continuation
    }

    func socketReadable() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let result = buffer.withUnsafeMutableBytes { socket.read(into: $0) }
        guard result != .wouldBlock else { return }
        socket.interest = []
        socket.handler = nil
        if case .bytes(let count) = result {
            continuation.resume(returning: Array(buffer[0..<count]))
        } else {
            continuation.resume(returning: nil)
        }
    }

    func socketWritable() {}
    func socketPeerFinished() {}
    func socketFailed() { socketReadable() }
}
