import EdgeFunction
import Glibc
import TestSupport
import Testing

/// The hello program as a host starts it.
struct FunctionProgramTests {
    init() { TestLoop.start() }

    @LoopActor private func start(_ environment: [(name: String, value: String)]) throws -> ChildProcess {
        var options = ChildOptions(program: builtProgram("hello"))
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

    @Test("What runs is finished before the end, and a second signal does not wait", arguments: [true, false])
    @LoopActor func drains(isPatient: Bool) async throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/hello.sock"
        let child = try start([("EDGE_SOCKET", path)])
        try await appears(path)
        let busy = try await Socket.connect(to: .unix(path: path))
        defer { busy.close() }
        send("GET /late HTTP/1.1\r\nHost: x\r\n", over: busy)
        let other = HTTPClient(address: .unix(path: path))
        // By then the half request has been read.
        _ = try await other.send(HTTPClientRequest(target: "/")).body.collect(upTo: 100)

        child.signal(SIGTERM)
        while (try? await Socket.connect(to: .unix(path: path))) != nil { try await sleep(for: .milliseconds(1)) }
        #expect(child.exit == nil)
        if isPatient { send("\r\n", over: busy) } else { child.signal(SIGTERM) }

        #expect(await child.wait() == .exited(isPatient ? 0 : 128 + SIGTERM))
        if isPatient { #expect(received(over: busy).hasSuffix("hello late\n")) }
    }

    @LoopActor private func send(_ text: String, over socket: Socket) {
        _ = Array(text.utf8).withUnsafeBytes { socket.write($0) }
    }

    @LoopActor private func received(over socket: Socket) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        guard case .bytes(let count) = buffer.withUnsafeMutableBytes({ socket.read(into: $0) }) else { return "" }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    @Test @LoopActor func `with PORT it listens on loopback`() async throws {
        let address = try #require(IPAddress("127.0.0.1"))
        let held = try HeldPort()
        let port = held.number
        let child = try start([("PORT", "\(port)")])
        var socket: Socket?
        while socket == nil, child.exit == nil {
            socket = try? await Socket.connect(to: .ip(address, port: port))
            try await sleep(for: .milliseconds(1))
        }

        #expect(socket != nil)
        child.signal(SIGTERM)
        #expect(await child.wait() == .exited(0))
    }

    @Test @LoopActor func `asked only whether its settings are good, it ends without serving`() async throws {
        let folder = TemporaryFolder()
        let child = try start([("EDGE_CHECK", "1"), ("EDGE_SOCKET", folder.path + "/s")])

        #expect(await child.wait() == .exited(0))
        #expect(access(folder.path + "/s", F_OK) != 0)
    }

    @Test("What is wrong with the environment is said on stderr", arguments: [[], [("PORT", "x")]])
    @LoopActor func noPlace(environment: [(String, String)]) async throws {
        let child = try start(environment.map { (name: $0.0, value: $0.1) })

        #expect(await child.wait() == .exited(1))
    }
}

/// A program that was built beside the tests.
func builtProgram(_ name: String) -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let path = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return String(path[...(path.lastIndex(of: "/") ?? path.startIndex)]) + name
}
