// A handler made of closures, and a client that speaks raw bytes.
import EdgeLoop
import TestSupport
import Testing

@testable import EdgeHTTP

@LoopActor
final class ClosureHandler: HTTPHandler {
    var limit = 1_048_576
    var recalled: [String] = []
    var cans: [String: HTTPCannedResponse] = [:]
    private let body: @LoopActor (HTTPRequest) async -> HTTPResponse

    init(_ body: @escaping @LoopActor (HTTPRequest) async -> HTTPResponse) { self.body = body }

    func answer(_ request: HTTPRequest) async -> HTTPResponse { await body(request) }

    func bodyLimit(method: String, path: String) -> Int { limit }

    func recall(_ view: borrowing HTTPRequestView) -> HTTPCannedResponse? {
        let key = String(decoding: view.path, as: UTF8.self) + String(decoding: view.body, as: UTF8.self)
        recalled.append(key)
        return cans[key]
    }
}

/// A server on a Unix socket of its own, or on a free loopback port, for one test.
@LoopActor
final class TestServer {
    let server: HTTPServer
    let handler: ClosureHandler
    let address: SocketAddress
    private let folder = TemporaryFolder()

    init(
        tcp: Bool = false,
        limits: HTTPLimits = HTTPLimits(),
        _ body: @escaping @LoopActor (HTTPRequest) async -> HTTPResponse = { _ in .text("hello") }
    ) throws {
        let loopback = try #require(IPAddress("127.0.0.1"))
        let listener = try Listener(tcp ? .ip(loopback, port: 0) : .unix(path: folder.path + "/s"))
        address = listener.address
        handler = ClosureHandler(body)
        server = HTTPServer(listener, limits: limits, handler: handler)
    }

    func client() async throws -> RawClient { RawClient(try await Socket.connect(to: address)) }

    /// Sends `text` on a connection of its own, and gives everything that comes back until the server closes.
    func exchange(_ text: String, finish: Bool = false) async throws -> String {
        let client = try await client()
        client.send(text)
        if finish { client.finishSending() }
        return await client.all()
    }
}

@LoopActor
final class RawClient: SocketHandler {
    let socket: Socket
    private(set) var received: [UInt8] = []
    private(set) var ended = false
    private var unsent: [UInt8] = []
    private var waiter: CheckedContinuation<Void, Never>?

    init(_ socket: Socket) {
        self.socket = socket
        socket.handler = self
        socket.interest = .read
    }

    var text: String { String(decoding: received, as: UTF8.self) }

    func send(_ text: String) { send(bytes(text)) }

    func send(_ bytes: [UInt8]) {
        unsent += bytes
        flush()
    }

    private func flush() {
        while !unsent.isEmpty {
            guard case .bytes(let count) = unsent.withUnsafeBytes({ socket.write($0) }) else { break }
            unsent.removeFirst(count)
        }
        if unsent.isEmpty { socket.interest.remove(.write) } else { socket.interest.insert(.write) }
    }

    var unsentCount: Int { unsent.count }

    func pauseReading() { socket.interest.remove(.read) }
    func resumeReading() { socket.interest.insert(.read) }
    func finishSending() { socket.shutdownWrite() }
    func close() { socket.close() }

    /// Waits until what was received ends in `suffix`, or the connection.
    func until(_ suffix: String) async -> String {
        while !ended, !text.hasSuffix(suffix) { await change(from: received.count) }
        return text
    }

    func until(count: Int) async {
        while !ended, received.count < count { await change(from: received.count) }
    }

    /// Everything until the server closes.
    func all() async -> String {
        while !ended { await change(from: received.count) }
        return text
    }

    private func change(from count: Int) async {
        await withCheckedContinuation { if ended || received.count > count { $0.resume() } else { waiter = $0 } }
    }

    private func wake() {
        waiter?.resume()
        waiter = nil
    }

    func socketReadable() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 1)
        defer { buffer.deallocate() }
        switch socket.read(into: buffer) {
        case .bytes(let count): received += buffer[..<count]
        case .wouldBlock: return
        case .end, .failed:
            ended = true
            socket.interest = []
        }
        wake()
    }

    func socketWritable() { flush() }
    func socketPeerFinished() {}
    /// What the server has said before it broke the connection is still there.
    func socketFailed() {
        guard !ended else { return }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case .bytes(let count) = buffer.withUnsafeMutableBytes({ socket.read(into: $0) }) {
            received += buffer[..<count]
        }
        ended = true
        wake()
    }
}

/// Something that happens once and is waited for.
@LoopActor
final class Signal {
    private var hasFired = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    func fire() {
        hasFired = true
        for waiter in waiters { waiter.resume() }
        waiters = []
    }

    func wait() async {
        await withCheckedContinuation { if hasFired { $0.resume() } else { waiters.append($0) } }
    }
}

extension String {
    /// An answer without its Date line, whose form is checked on the way.
    var undated: String {
        var lines = split(separator: "\r\n", omittingEmptySubsequences: false)
        lines.removeAll { $0.hasPrefix("Date: ") && $0.utf8.count == 35 && $0.hasSuffix(" GMT") }
        return lines.joined(separator: "\r\n")
    }
}
