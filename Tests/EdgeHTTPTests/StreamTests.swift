// Streamed bodies, files, and what happens when one side is slow or fails.
import EdgeLoop
import Glibc
import TestSupport
import Testing

@testable import EdgeHTTP

@Suite(.timeLimit(.minutes(5)))
struct StreamTests {
    init() { TestLoop.start() }

    private static let get = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    @Test @LoopActor func `a stream is chunked, or has its length, or ends with the connection`() async throws {
        let server = try TestServer { request in
            HTTPResponse(
                body: .stream(length: request.path == "/known" ? 5 : nil) { writer in
                    try await writer.write("he")
                    try await writer.write("")
                    try await writer.write("llo")
                }
            )
        }

        let chunked = try await server.exchange(Self.get)
        let known = try await server.exchange("GET /known HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        let old = try await server.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")

        #expect(
            chunked.hasSuffix("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")
        )
        #expect(known.hasSuffix("Content-Length: 5\r\nConnection: close\r\n\r\nhello"))
        #expect(old.hasSuffix("Connection: close\r\n\r\nhello"))
        #expect(!old.contains("Transfer-Encoding"))
    }

    @Test @LoopActor func `the head goes out when the stream waits before its first part`() async throws {
        let gate = Signal()
        let server = try TestServer { _ in
            HTTPResponse(
                body: .stream(length: nil) { writer in
                    await gate.wait()
                    try await writer.write("x")
                }
            )
        }
        let client = try await server.client()

        client.send(Self.get)
        let head = await client.until("\r\n\r\n")
        gate.fire()

        #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(await client.all().hasSuffix("\r\n\r\n1\r\nx\r\n0\r\n\r\n"))
    }

    @Test(arguments: [nil, 5]) @LoopActor
    func `a stream that fails is cut, and never looks complete`(length: Int?) async throws {
        struct Failure: Error {}
        let server = try TestServer { _ in
            HTTPResponse(
                body: .stream(length: length) { writer in
                    try await writer.write("he")
                    throw Failure()
                }
            )
        }

        let text = try await server.exchange(Self.get)

        #expect(text.hasSuffix(length == nil ? "2\r\nhe\r\n" : "\r\n\r\nhe"))
        await #expect(throws: HTTPBodyError.truncated) {
            _ = try await HTTPClient(address: server.address).send(HTTPClientRequest(target: "/")).body.collect(upTo: 9)
        }
    }

    @Test @LoopActor func `a stream that fails before its first part becomes a 500`() async throws {
        struct Failure: Error {}
        let server = try TestServer { _ in
            HTTPResponse(
                body: .stream(length: nil) { writer in
                    try await writer.write("")
                    throw Failure()
                }
            )
        }

        #expect(try await server.exchange(Self.get).hasPrefix("HTTP/1.1 500 "))
    }

    @Test(arguments: ["hell", "hello!"]) @LoopActor
    func `a stream of another length than declared is cut`(text: String) async throws {
        let server = try TestServer { _ in
            HTTPResponse(
                body: .stream(length: 5) { writer in
                    try await writer.write("h")
                    try await writer.write(String(text.dropFirst()))
                }
            )
        }

        await #expect(throws: HTTPBodyError.truncated) {
            _ = try await HTTPClient(address: server.address).send(HTTPClientRequest(target: "/")).body.collect(upTo: 9)
        }
    }

    @Test @LoopActor func `a slow client slows the stream down`() async throws {
        var written = 0
        let total = 64 * 0x10000
        let server = try TestServer { _ in
            HTTPResponse(
                body: .stream(length: total) { writer in
                    for _ in 0..<64 {
                        try await writer.write([UInt8](repeating: 7, count: 0x10000))
                        WrittenCounter.shared.add(0x10000)
                    }
                }
            )
        }
        WrittenCounter.shared.value = 0
        let client = try await server.client()
        client.pauseReading()
        client.send(Self.get)

        repeat {
            written = WrittenCounter.shared.value
            try await sleep(for: .milliseconds(20))
        } while written != WrittenCounter.shared.value || written == 0
        client.resumeReading()
        _ = await client.all()

        #expect(written < total / 2)
        #expect(WrittenCounter.shared.value == total)
        #expect(client.received.count > total)
    }

    @Test(arguments: [false, true]) @LoopActor
    func `a slow handler slows the client down, and gets every byte`(chunked: Bool) async throws {
        let gate = Signal()
        let server = try TestServer { request in
            await gate.wait()
            var count = 0
            while let part = try? await request.body.next() { count += part.count }
            return .text("\(count)")
        }
        server.handler.limit = 100_000_000
        let client = try await server.client()
        let part = [UInt8](repeating: 7, count: 0x10000)
        client.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n")
        client.send(chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: \(part.count * 64)\r\n\r\n")
        for _ in 0..<64 { client.send(chunked ? bytes("10000\r\n") + part + bytes("\r\n") : part) }
        if chunked { client.send("0\r\n\r\n") }

        for _ in 0..<50 { await Task.yield() }
        #expect(client.unsentCount > part.count * 32)
        gate.fire()

        #expect(await client.all().hasSuffix("\r\n\r\n\(part.count * 64)"))
    }

    @Test @LoopActor func `an unread body is skipped when it is small, else the connection closes`() async throws {
        let server = try TestServer { request in .text(request.path) }
        server.handler.limit = 100_000_000
        let small = try await server.client()
        let part = String(repeating: "a", count: 100_000)

        small.send("POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        _ = await small.until("/one")
        small.send(part + "GET /two HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        let large = try await server.exchange(
            "POST /three HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n\(part)"
        )

        #expect(await small.all().hasSuffix("/two"))
        #expect(large.contains("Connection: close\r\n") && large.hasSuffix("/three"))
    }

    @Test(arguments: [false, true]) @LoopActor
    func `files and their parts are sent by the kernel`(tcp: Bool) async throws {
        let folder = TemporaryFolder()
        let content = String(repeating: "0123456789", count: 300_000)
        folder.write(content, to: "f")
        let file = try #require(HTTPFile(path: folder.path + "/f"))
        let server = try TestServer(tcp: tcp) { request in
            HTTPRepresentation(etag: "a", count: file.size).respond(to: request, headers: [:]) {
                .file(HTTPFileRegion(file, range: $0))
            }
        }
        server.handler.cans["/can"] = HTTPCannedResponse(headers: [:], file: HTTPFileRegion(file))
        let client = HTTPClient(address: server.address)

        let whole = try await client.send(HTTPClientRequest(target: "/")).body.collect(upTo: file.size)
        let canned = try await client.send(HTTPClientRequest(target: "/can")).body.collect(upTo: file.size)
        let part = try await client.send(HTTPClientRequest(target: "/", headers: ["Range": "bytes=5-14"]))

        #expect(whole == Array(content.utf8))
        #expect(canned == whole)
        #expect(part.status == 206)
        #expect(try await part.body.collect(upTo: 10) == bytes("5678901234"))
        #expect(HTTPFile(path: folder.path) == nil)
    }

    @Test @LoopActor func `a head shares its packet with the file behind it`() async throws {
        let folder = TemporaryFolder()
        folder.write(String(repeating: "0123456789", count: 100) + "end", to: "f")
        let file = try #require(HTTPFile(path: folder.path + "/f"))
        let server = try TestServer(tcp: true) { _ in HTTPResponse(body: .file(HTTPFileRegion(file))) }
        server.handler.cans["/can"] = HTTPCannedResponse(headers: [:], file: HTTPFileRegion(file))
        let descriptor = try connected(to: server.address)
        let client = RawClient(Socket(adopting: descriptor))

        for (path, packets) in [("/", 1), ("/can", 2)] {
            let before = client.received.count
            client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            await client.until(count: before + file.size + 1)
            _ = await client.until("end")
            #expect(dataPackets(descriptor) == packets)
        }
        client.close()
    }

    /// A connection to a port of this machine, made at once.
    @LoopActor private func connected(to address: SocketAddress) throws -> Int32 {
        guard case .ip(_, let port) = address else { throw SystemError(code: EINVAL, doing: "connecting") }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw SystemError(code: errno, doing: "connecting") }
        return descriptor
    }

    /// Packets with data that have come on a connection: `tcpi_data_segs_in` of the kernel's `tcp_info`, which glibc's does not have.
    private func dataPackets(_ descriptor: Int32) -> UInt32 {
        var info = [UInt8](repeating: 0, count: 256)
        var size = socklen_t(info.count)
        getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &size)
        return info.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 152, as: UInt32.self) }
    }

    @Test @LoopActor func `a client that leaves ends the stream that was for it`() async throws {
        let ended = Signal()
        let server = try TestServer { _ in
            HTTPResponse(
                body: .stream(length: nil) { writer in
                    defer { ended.fire() }
                    while true {
                        try await writer.write("tick\n")
                        try await sleep(for: .milliseconds(5))
                    }
                }
            )
        }
        let client = try await server.client()
        client.send(Self.get)
        _ = await client.until("tick\n\r\n")

        client.close()

        await ended.wait()
        #expect(server.server.connectionCount == 0)
    }
}

@LoopActor
final class WrittenCounter {
    static let shared = WrittenCounter()
    var value = 0
    func add(_ count: Int) { value += count }
}
