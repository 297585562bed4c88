// The pooled client against the server and against scripted peers.
import EdgeLoop
import TestSupport
import Testing

@testable import EdgeHTTP

/// A peer that answers each connection's requests with scripted bytes.
@LoopActor
final class ScriptedPeer {
    private let folder = TemporaryFolder()
    private let listener: Listener
    private(set) var connections: [RawClient] = []
    let address: SocketAddress

    init(_ script: @escaping @LoopActor (_ connection: Int, RawClient) async -> Void) throws {
        listener = try Listener(.unix(path: folder.path + "/s"))
        address = listener.address
        listener.onConnection = { [weak self] socket in
            guard let self else { return socket.close() }
            let peer = RawClient(socket)
            connections.append(peer)
            let number = connections.count
            Task { @LoopActor in await script(number, peer) }
        }
    }
}

@Suite(.timeLimit(.minutes(5)))
struct ClientTests {
    init() { TestLoop.start() }

    private static let get = HTTPClientRequest(target: "/")

    @LoopActor private func text(_ answer: HTTPAnswer) async throws -> String {
        String(decoding: try await answer.body.collect(upTo: 10_000_000), as: UTF8.self)
    }

    @Test(arguments: [false, true]) @LoopActor
    func `requests and answers pass, and the connection is kept`(tcp: Bool) async throws {
        let server = try TestServer(tcp: tcp) { request in
            let body = (try? await request.body.collect(upTo: 1_000_000)) ?? []
            return .text("\(request.method) \(request.target) \(body.count) \(request.headers["x-a"] ?? "")")
        }
        let client = HTTPClient(address: server.address)

        let first = try await client.send(HTTPClientRequest(target: "/a?b", headers: ["X-A": "c"]))
        #expect(try await text(first) == "GET /a?b 0 c")
        let large = HTTPClientRequest.Body.bytes([UInt8](repeating: 7, count: 900_000))
        let second = try await client.send(HTTPClientRequest(method: "POST", target: "/", body: large))
        #expect(try await text(second) == "POST / 900000 ")
        let head = try await client.send(HTTPClientRequest(method: "HEAD", target: "/"))

        #expect(head.hasNoBody)
        #expect(head.headers["content-length"] == "9")
        #expect(client.connectionCount == 1)
        #expect(server.server.connectionCount == 1)
    }

    @Test(arguments: [nil, 300_000]) @LoopActor
    func `bodies stream both ways`(length: Int?) async throws {
        let server = try TestServer { request in
            HTTPResponse(body: .reader(request.body, length: request.body.length))
        }
        server.handler.limit = 1_000_000
        let source = try TestServer { _ in
            HTTPResponse(
                body: .stream(length: length) { writer in
                    for _ in 0..<3 { try await writer.write([UInt8](repeating: 7, count: 100_000)) }
                }
            )
        }
        let client = HTTPClient(address: server.address)

        let original = try await HTTPClient(address: source.address).send(Self.get)
        #expect(original.body.length == length)
        let echo = try await client.send(
            HTTPClientRequest(method: "POST", target: "/", body: .reader(original.body, length: length))
        )

        #expect(echo.body.length == length)
        #expect(try await echo.body.collect(upTo: 300_000).count == 300_000)
    }

    @Test(arguments: [true, false]) @LoopActor
    func `of an answer's body little is held before it is read`(readsAhead: Bool) async throws {
        let server = try TestServer { _ in .init(body: .bytes([UInt8](repeating: 7, count: 1_000_000))) }
        let body = try await HTTPClient(address: server.address).send(Self.get).body
        body.readsAhead = readsAhead

        var count = 0
        while let piece = try await body.next() {
            count += piece.count
            #expect(piece.count <= HTTPBuffers.receiveBytes)
            // Time for the rest to come, as far as it may.
            for _ in 0..<3 { await Pool.run {} }
            let held = body.takeReady()?.count ?? 0
            count += held
            #expect(held <= (readsAhead ? HTTPBodyReader.bufferedBytesMax : 0))
        }
        #expect(count == 1_000_000)
    }

    @Test(
        "An answer is read by its framing",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"), ("HTTP/1.1 200 OK\r\n\r\nhello", "hello"),
            ("HTTP/1.0 200 OK\r\n\r\nhello", "hello"), ("HTTP/1.1 204 No Content\r\n\r\n", ""),
            ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", ""),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n", "hello"),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                "hello"
            ),
        ]
    )
    @LoopActor func readsAnswer(text answer: String, body: String) async throws {
        for isByteByByte in [false, true] {
            let peer = try ScriptedPeer { _, connection in
                _ = await connection.until("\r\n\r\n")
                if isByteByByte {
                    for byte in bytes(answer) {
                        connection.send([byte])
                        await Task.yield()
                    }
                } else {
                    connection.send(answer)
                }
                connection.close()
            }

            let read = try await HTTPClient(address: peer.address).send(Self.get)

            #expect(try await text(read) == body)
        }
    }

    @Test(
        "An answer cut anywhere is an error",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        ]
    )
    @LoopActor func refusesCutAnswer(answer: String) async throws {
        let whole = bytes(answer)
        let peer = try ScriptedPeer { number, connection in
            _ = await connection.until("\r\n\r\n")
            connection.send(Array(whole.prefix(number - 1)))
            connection.close()
        }
        let client = HTTPClient(address: peer.address)

        for _ in 0..<whole.count {
            await #expect(throws: (any Error).self) { _ = try await text(client.send(Self.get)) }
        }
        #expect(try await text(client.send(Self.get)) == "hello")
    }

    @Test(
        "A malformed answer is an error",
        arguments: [
            "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "nonsense\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 33),
            "HTTP/1.1 200 OK\r\nA: \(String(repeating: "b", count: 70_000))\r\n\r\n",
        ]
    )
    @LoopActor func refusesMalformedAnswer(answer: String) async throws {
        let peer = try ScriptedPeer { _, connection in
            _ = await connection.until("\r\n\r\n")
            connection.send(answer)
        }
        let client = HTTPClient(address: peer.address)

        await #expect(throws: HTTPClientError.self) { _ = try await client.send(Self.get) }
        #expect(client.connectionCount == 0)
    }

    @Test @LoopActor func `a kept connection that died is replaced, once, for a body that can be sent again`()
        async throws
    {
        let peer = try ScriptedPeer { _, connection in
            for _ in 0..<2 {
                let seen = connection.received.count
                await connection.until(count: seen + 1)
                guard seen == 0 else { return connection.close() }
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
            }
        }
        let client = HTTPClient(address: peer.address)
        let post = HTTPClientRequest(method: "POST", target: "/", body: .bytes(bytes("x")))
        let stream = HTTPClientRequest(
            method: "POST",
            target: "/",
            body: .reader(HTTPBodyReader(bytes("x")), length: 1)
        )

        #expect(try await text(client.send(post)) == "hello")
        #expect(try await text(client.send(post)) == "hello")
        #expect(peer.connections.count == 2)
        await #expect(throws: HTTPClientError.closedBeforeAnswer) { _ = try await client.send(stream) }
        #expect(peer.connections.count == 2)
    }

    @Test @LoopActor func `a fresh connection that dies is not tried again`() async throws {
        let peer = try ScriptedPeer { _, connection in
            await connection.until(count: 1)
            connection.close()
        }
        let client = HTTPClient(address: peer.address)

        await #expect(throws: HTTPClientError.closedBeforeAnswer) { _ = try await client.send(Self.get) }
        #expect(peer.connections.count == 1)
    }

    @Test @LoopActor func `cancelling closes the connection`() async throws {
        let arrived = Signal()
        let left = Signal()
        let peer = try ScriptedPeer { _, connection in
            await connection.until(count: 1)
            arrived.fire()
            _ = await connection.all()
            left.fire()
        }
        let client = HTTPClient(address: peer.address)
        let task = Task { @LoopActor in try await client.send(Self.get) }
        await arrived.wait()

        task.cancel()

        await #expect(throws: CancellationError.self) { _ = try await task.value }
        await left.wait()
        #expect(client.connectionCount == 0)
    }

    @Test @LoopActor func `a body that is dropped unread closes the connection`() async throws {
        let left = Signal()
        let peer = try ScriptedPeer { _, connection in
            await connection.until(count: 1)
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")
            _ = await connection.all()
            left.fire()
        }
        let client = HTTPClient(address: peer.address)

        var answer: HTTPAnswer? = try await client.send(Self.get)
        #expect(answer?.status == 200)
        answer = nil

        await left.wait()
    }

    @Test @LoopActor func `requests beyond the connections wait for their turn, and no more than may`() async throws {
        var limits = HTTPClient.Limits()
        limits.connections = 1
        limits.waiting = 2
        let gate = Signal()
        let server = try TestServer { _ in
            await gate.wait()
            return .text("hello")
        }
        let client = HTTPClient(address: server.address, limits: limits)
        let tasks = (0..<3).map { _ in Task { @LoopActor in try await text(client.send(Self.get)) } }
        while client.waitingCount < 2 { await Task.yield() }

        await #expect(throws: HTTPClientError.busy(waiting: 2)) { _ = try await client.send(Self.get) }
        tasks[2].cancel()
        gate.fire()

        #expect(try await tasks[0].value == "hello")
        #expect(try await tasks[1].value == "hello")
        await #expect(throws: CancellationError.self) { _ = try await tasks[2].value }
        #expect(client.connectionCount == 1)
    }

    @Test @LoopActor func `nobody listening is an error that names the place`() async throws {
        let folder = TemporaryFolder()
        let client = HTTPClient(address: .unix(path: folder.path + "/none"))

        await #expect(throws: SystemError.self) { _ = try await client.send(Self.get) }
        #expect(client.connectionCount == 0)
    }

    @Test @LoopActor func `an answer is handed on without the hop's own fields`() async throws {
        let peer = try ScriptedPeer { _, connection in
            await connection.until(count: 1)
            connection.send(
                "HTTP/1.1 200 OK\r\nConnection: x-hop\r\nX-Hop: a\r\nKeep-Alive: b\r\nX-B: c\r\nContent-Length: 0\r\n\r\n"
            )
        }

        let forwarded = try await HTTPClient(address: peer.address).send(Self.get).forwarded

        #expect(forwarded.headers.map(\.name) == ["X-B", "Content-Length"])
    }
}
