import EdgeFunction
import Glibc
import TestSupport
import Testing

/// The hello program as a host starts it.
struct FunctionProgramTests {
    init() { TestLoop.start() }

    @LoopActor private func start(_ environment: [(name: String, value: String)]) throws -> ChildProcess {
        var options = ChildOptions(program: try builtProgram("hello"))
        options.environment = environment
        return try ChildProcess(options)
    }

    /// Returns when the path is there, which must mean that connections are taken.
    @LoopActor private func appears(_ path: String) async throws {
        while access(path, F_OK) != 0 { try await sleep(for: .milliseconds(1)) }
    }

    @Test @LoopActor func `it answers as soon as its socket is there, and SIGTERM ends it with 0`() async throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/hello.sock"
        let child = try start([("EDGE_SOCKET", path)])
        try await appears(path)

        let answer = try await HTTPClient(address: .unix(path: path)).send(HTTPClientRequest(target: "/you"))
        let text = String(decoding: try await answer.body.collect(upTo: 100), as: UTF8.self)
        child.signal(SIGTERM)

        #expect(text == "hello you\n")
        #expect(await child.wait() == .exited(0))
    }

    @Test @LoopActor func `what runs is finished before the end, and a second signal does not wait for it`()
        async throws
    {
        let folder = TemporaryFolder()
        let path = folder.path + "/hello.sock"
        let child = try start([("EDGE_SOCKET", path)])
        try await appears(path)
        let busy = try await Socket.connect(to: .unix(path: path))
        let half = Array("GET / HTTP/1.1\r\nHost: x\r\n".utf8)
        _ = half.withUnsafeBytes { busy.write($0) }
        let other = HTTPClient(address: .unix(path: path))
        _ = try await other.send(HTTPClientRequest(target: "/")).body.collect(upTo: 100)  // the half request was read before

        child.signal(SIGTERM)
        while (try? await Socket.connect(to: .unix(path: path))) != nil { try await sleep(for: .milliseconds(1)) }
        #expect(child.exit == nil)
        child.signal(SIGTERM)

        #expect(await child.wait() == .exited(128 + SIGTERM))
        busy.close()
    }

    @Test("What is wrong with the environment is said on stderr", arguments: [[], [("PORT", "x")]])
    @LoopActor func noPlace(environment: [(String, String)]) async throws {
        let child = try start(environment.map { (name: $0.0, value: $0.1) })

        #expect(await child.wait() == .exited(1))
    }
}

/// A program that was built beside the tests.
func builtProgram(_ name: String) throws -> String {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { bytes in
        readlink("/proc/self/exe", bytes.baseAddress, bytes.count)
    }
    let path = String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    return String(path[...(path.lastIndex(of: "/") ?? path.startIndex)]) + name
}
