// The waits and counts that a server holds to, with small limits.
import EdgeLoop
import TestSupport
import Testing

@testable import EdgeHTTP

@Suite(.timeLimit(.minutes(5)))
struct LimitTests {
    init() { TestLoop.start() }

    private func limits(_ change: (inout HTTPLimits) -> Void) -> HTTPLimits {
        var limits = HTTPLimits()
        change(&limits)
        return limits
    }

    @Test func `the defaults are those of the documents`() {
        let limits = HTTPLimits()

        #expect(limits.headBytes == 16_384)
        #expect(limits.headTime == .seconds(10))
        #expect(limits.bodyIdle == .seconds(30))
        #expect(limits.writeIdle == .seconds(30))
        #expect(limits.keepAliveIdle == .seconds(60))
        #expect(limits.connections == 4096)
    }

    // What a client has to say in time is given some seconds: all tests share one loop, which may stand still.

    @Test @LoopActor func `a head that does not come to its end gets 408`() async throws {
        let server = try TestServer(limits: limits { $0.headTime = .seconds(2) })

        let text = try await server.exchange("GET / HTTP/1.1\r\nHost")

        #expect(text.hasPrefix("HTTP/1.1 408 "))
    }

    @Test @LoopActor func `a head that comes in drips is not given more time`() async throws {
        let server = try TestServer(limits: limits { $0.headTime = .seconds(2) })
        let client = try await server.client()

        client.send("GET / HTTP/1.1\r\nHost: a\r\n")
        while !client.ended {
            client.send("A: b\r\n")
            try await sleep(for: .milliseconds(5))
        }

        #expect(client.text.hasPrefix("HTTP/1.1 408 "))
    }

    @Test(
        "A body that does not come to its end gets 408",
        arguments: [
            "Content-Length: 5\r\n\r\nhe", "Content-Length: 500000\r\n\r\nhe",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhe",
        ]
    )
    @LoopActor func refusesSilence(framing: String) async throws {
        let server = try TestServer(limits: limits { $0.bodyIdle = .milliseconds(40) }) { request in
            _ = try? await request.body.collect(upTo: .max)
            return .text("hello")
        }

        let text = try await server.exchange("POST / HTTP/1.1\r\nHost: a\r\n\(framing)")

        #expect(text.hasPrefix("HTTP/1.1 408 "))
    }

    @Test @LoopActor func `a handler that is slow to read is not the client's silence`() async throws {
        let server = try TestServer(limits: limits { $0.bodyIdle = .seconds(6) }) { request in
            try? await sleep(for: .seconds(8))
            return .text("\((try? await request.body.collect(upTo: 1_000_000))?.count ?? -1)")
        }
        let body = String(repeating: "a", count: 500_000)

        let text = try await server.exchange(
            "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 500000\r\n\r\n\(body)"
        )

        #expect(text.hasSuffix("\r\n\r\n500000"))
    }

    @Test @LoopActor func `an idle connection is closed without a word`() async throws {
        let server = try TestServer(limits: limits { $0.keepAliveIdle = .seconds(3) })
        let client = try await server.client()

        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")

        #expect(await client.all().hasSuffix("\r\n\r\nhello"))
        #expect(try await server.exchange("") == "")
    }

    @Test @LoopActor func `a client that takes nothing is cut`() async throws {
        let failed = Signal()
        let server = try TestServer(limits: limits { $0.writeIdle = .milliseconds(40) }) { _ in
            HTTPResponse(
                body: .stream(length: nil) { writer in
                    do {
                        while true { try await writer.write([UInt8](repeating: 7, count: 0x10000)) }
                    } catch {
                        failed.fire()
                        throw error
                    }
                }
            )
        }
        let client = try await server.client()
        client.pauseReading()

        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")

        await failed.wait()
        #expect(server.server.connectionCount == 0)
    }

    @Test("A client that takes nothing is cut whatever it is sent", arguments: ["bytes", "file", "reader"])
    @LoopActor func cutsReaders(body: String) async throws {
        let folder = TemporaryFolder()
        let large = [UInt8](repeating: 7, count: 16 << 20)
        folder.write(bytes: large, to: "large")
        let path = "\(folder.path)/large"
        let asked = Signal()
        let server = try TestServer(limits: limits { $0.writeIdle = .milliseconds(40) }) { _ in
            asked.fire()
            switch body {
            case "bytes": return HTTPResponse(body: .bytes(large))
            case "reader": return HTTPResponse(body: .reader(HTTPBodyReader(large), length: large.count))
            default:
                guard let file = HTTPFile(path: path) else { return .text("no file") }
                return HTTPResponse(body: .file(HTTPFileRegion(file)))
            }
        }
        let slow = try await server.client()
        slow.pauseReading()
        slow.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")

        await asked.wait()
        try await eventually("its end") { server.server.connectionCount == 0 }
    }

    @Test @LoopActor func `the oldest idle connection makes place, and with none idle the new one gets 503`()
        async throws
    {
        let gate = Signal()
        let server = try TestServer(limits: limits { $0.connections = 2 }) { request in
            if request.path == "/wait" { await gate.wait() }
            return .text("hello")
        }
        let first = try await server.client()
        first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = await first.until("hello")
        let second = try await server.client()
        second.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")

        let third = try await server.client()
        third.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await first.all().hasSuffix("hello"))
        while server.server.busyCount < 2 { await Task.yield() }
        let fourth = try await server.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        gate.fire()

        #expect(fourth.hasPrefix("HTTP/1.1 503 "))
        #expect(fourth.contains("Retry-After: 1\r\n"))
        #expect(await second.until("hello").hasSuffix("hello"))
        #expect(await third.until("hello").hasSuffix("hello"))
        second.close()
        third.close()
    }

    @Test @LoopActor func `a drain lets what runs finish and closes the rest`() async throws {
        let gate = Signal()
        let started = Signal()
        let server = try TestServer { _ in
            started.fire()
            await gate.wait()
            return .text("hello")
        }
        let idle = try await server.client()
        let busy = try await server.client()
        busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await started.wait()
        while server.server.connectionCount < 2 { await Task.yield() }

        let drain = Task { @LoopActor in await server.server.drain(within: .seconds(100)) }
        #expect(await idle.all() == "")
        await #expect(throws: SystemError.self) { _ = try await server.client() }
        gate.fire()

        #expect(await drain.value == 0)
        let answer = await busy.all()
        #expect(answer.contains("\r\nConnection: close\r\n") && answer.hasSuffix("hello"))
    }

    @Test @LoopActor func `a drain cuts what passes its limit`() async throws {
        let cancelled = Signal()
        let started = Signal()
        let server = try TestServer { _ in
            started.fire()
            do { try await sleep(for: .seconds(3600)) } catch { cancelled.fire() }
            return .text("late")
        }
        let client = try await server.client()
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await started.wait()

        #expect(await server.server.drain(within: .milliseconds(20)) == 1)
        await cancelled.wait()
        #expect(await client.all() == "")
    }
}
