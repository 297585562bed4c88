import EdgeLoop
import Glibc
import TestSupport
import Testing

struct SocketTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `bytes go both ways over TCP and the end is told`() async throws {
        let listener = try Listener(.ip(#require(IPAddress("127.0.0.1")), port: 0))
        try await checkEcho(listener)
        listener.close()
    }

    @Test @LoopActor func `bytes go both ways over a Unix socket, whose path goes with the listener`() async throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/s.sock"
        let listener = try Listener(.unix(path: path))

        try await checkEcho(listener)

        listener.close()
        #expect(access(path, F_OK) != 0)
    }

    @LoopActor private func checkEcho(_ listener: Listener) async throws {
        let server = Recorder()
        listener.onConnection = { server.take($0) }
        let client = Recorder()
        client.take(try await Socket.connect(to: listener.address))

        client.send("hello")

        #expect(await server.text(of: 5) == "hello")
        server.send("back")
        #expect(await client.text(of: 4) == "back")
        client.close()
        #expect(await server.ended())
        server.close()
    }

    @Test @LoopActor func `connecting where nobody listens says where`() async throws {
        let port = try HeldPort()
        let address = SocketAddress.ip(try #require(IPAddress("127.0.0.1")), port: port.number)

        await #expect(throws: SystemError(code: ECONNREFUSED, doing: "connecting to \(address)")) {
            _ = try await Socket.connect(to: address)
        }
    }

    @Test @LoopActor func `a port in use is an error that names it`() async throws {
        let listener = try Listener(.ip(#require(IPAddress("127.0.0.1")), port: 0))
        defer { listener.close() }

        #expect(throws: SystemError(code: EADDRINUSE, doing: "listening on \(listener.address)")) {
            _ = try Listener(listener.address)
        }
    }

    @Test @LoopActor func `a socket path that the kernel cannot hold is refused`() {
        let path = "/tmp/" + String(repeating: "x", count: 120)
        #expect(throws: SystemError(code: ENAMETOOLONG, doing: "using the socket path \(path)")) {
            _ = try Listener(.unix(path: path))
        }
    }

    @Test(
        "Addresses are read and printed",
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("255.99.100.9", "255.99.100.9"), ("::1", "::1"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:DB8::2", "2001:db8::2"),
        ]
    )
    func addresses(text: String, printed: String) throws {
        #expect(try #require(IPAddress(text)).description == printed)
    }

    @Test func `what is no address is refused`() {
        #expect(IPAddress("localhost") == nil)
        #expect(IPAddress("1.2.3") == nil)
    }
}

/// Keeps what a socket receives, and lets a test wait for it.
@LoopActor
private final class Recorder: SocketHandler {
    private var socket: Socket?
    private var received: [UInt8] = []
    private var isAtEnd = false
    private var changed: [CheckedContinuation<Void, Never>] = []

    func take(_ socket: Socket) {
        self.socket = socket
        socket.handler = self
        socket.interest = .read
        wakeAll()
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        let result = bytes.withUnsafeBytes { socket?.write($0) }
        #expect(result == .bytes(bytes.count))
    }

    func text(of count: Int) async -> String {
        while received.count < count { await change() }
        defer { received = [] }
        return String(decoding: received, as: UTF8.self)
    }

    func ended() async -> Bool {
        while !isAtEnd { await change() }
        return true
    }

    func close() { socket?.close() }

    func socketReadable() {
        var buffer = [UInt8](repeating: 0, count: 1024)
        let result = buffer.withUnsafeMutableBytes { socket?.read(into: $0) }
        switch result {
        case .bytes(let count): received += buffer[0..<count]
        case .end:
            isAtEnd = true
            socket?.interest = []
        default: break
        }
        wakeAll()
    }

    func socketWritable() {}
    func socketPeerFinished() {}
    func socketFailed() { isAtEnd = true }

    private func change() async { await withCheckedContinuation { changed.append($0) } }

    private func wakeAll() {
        let waiting = changed
        changed = []
        for continuation in waiting { continuation.resume() }
    }
}
