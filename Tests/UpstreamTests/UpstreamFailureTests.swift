import EdgeLoop
import TestSupport
import Testing
import Upstream

struct UpstreamFailureTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `no answer in time is the first-byte deadline`() async throws {
        let server = try ScriptedUpstream(always: .silence)
        var request = UpstreamRequest("POST", server.url)
        request.deadlines.firstByte = .seconds(1)

        let error = await failure { try await Upstream().call(request) }

        #expect(error?.reason == .firstByteDeadline(.seconds(1)))
        #expect(error?.mayHaveBeenSent == true)
        try await server.connectionEnded(1)
    }

    @Test @LoopActor func `a body that stands still is the idle deadline`() async throws {
        let whole = ScriptedAnswer.status(200, body: [1, 2, 3])
        let server = try ScriptedUpstream([whole.split(at: whole.wireBytes.count - 1, by: Gate())])
        var request = UpstreamRequest("GET", server.url)
        request.deadlines.idle = .seconds(1)

        let response = try await Upstream().call(request)
        let error = await failure { try await response.body.collect() }
        let again = await failure { try await response.body.next() }

        #expect(error?.reason == .idleDeadline(.seconds(1)))
        #expect(again == error)
        try await server.connectionEnded(1)
    }

    @Test @LoopActor func `a drip that never stands still is ended by the total deadline`() async throws {
        let slow = ScriptedAnswer.status(200, body: [UInt8](repeating: 1, count: 100_000))
        let server = try ScriptedUpstream([slow.dripping(10, every: .milliseconds(2))])
        var request = UpstreamRequest("GET", server.url)
        request.deadlines.total = .seconds(1)

        let error = await failure { try await Upstream().call(request).body.collect() }

        #expect(error?.reason == .totalDeadline(.seconds(1)))
    }

    @Test @LoopActor func `a connection that is not made in time is the connect deadline`() async throws {
        let listener = try Listener(.ip(#require(IPAddress("127.0.0.1")), port: 0))
        defer { listener.close() }
        // TLS towards a server that never speaks: connected, but not ready.
        var request = UpstreamRequest("POST", "https://\(listener.address)/")
        request.deadlines.connect = .seconds(1)

        let error = await failure { try await Upstream().call(request) }

        #expect(error?.reason == .connectDeadline(.seconds(1)))
        #expect(error?.mayHaveBeenSent == false)
    }

    @Test @LoopActor func `time does not count while the caller is the slow one`() async throws {
        let server = try ScriptedUpstream([.status(200, body: [UInt8](repeating: 5, count: 8_000_000))])
        var request = UpstreamRequest("GET", server.url)
        request.deadlines.idle = .seconds(6)

        let response = try await Upstream().call(request)
        _ = try await response.body.next()
        try await sleep(for: .seconds(8))

        #expect(try await response.body.collect().count > 7_000_000)
    }

    @Test("An answer that is too large is refused", arguments: [true, false])
    @LoopActor func tooLarge(hasLength: Bool) async throws {
        let head = hasLength ? "Content-Length: 11" : "Connection: close"
        let server = try ScriptedUpstream([
            ScriptedAnswer([.send(Array("HTTP/1.1 200 OK\r\n\(head)\r\n\r\n01234567890".utf8)), .close])
        ])
        var request = UpstreamRequest("GET", server.url)
        request.answerBytesMax = 10

        let error = await failure { try await Upstream().call(request).body.collect() }

        #expect(error?.reason == .answerTooLarge(bytesMax: 10))
    }

    @Test @LoopActor func `an answer that grows too large while nobody reads it is refused too`() async throws {
        let head = Array("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".utf8)
        let server = try ScriptedUpstream([
            ScriptedAnswer([.send(head + [UInt8](repeating: 1, count: 3_000_000)), .close])
        ])
        var request = UpstreamRequest("GET", server.url)
        request.answerBytesMax = 1_000_000

        let response = try await Upstream().call(request)
        try await sleep(for: .milliseconds(30))
        let error = await failure { try await response.body.collect() }

        #expect(error?.reason == .answerTooLarge(bytesMax: 1_000_000))
    }

    @Test("A lost connection is told and may have been charged", arguments: [ScriptedAnswer.reset, .close])
    @LoopActor func lost(answer: ScriptedAnswer) async throws {
        let server = try ScriptedUpstream([answer])

        let error = await failure { try await Upstream().call(UpstreamRequest("POST", server.url)) }

        guard case .connectionLost = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.mayHaveBeenSent == true)
        #expect(server.calls == 1)
    }

    @Test("A truncated body is never taken for a whole one", arguments: [true, false])
    @LoopActor func truncated(reset: Bool) async throws {
        let whole = ScriptedAnswer.status(200, body: [1, 2, 3])
        let server = try ScriptedUpstream([whole.truncated(to: whole.wireBytes.count - 1, reset: reset)])

        let error = await failure { try await Upstream().call(UpstreamRequest("GET", server.url)).body.collect() }

        guard case .connectionLost = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test @LoopActor func `a chunked body without its end is truncated`() async throws {
        let server = try ScriptedUpstream([
            ScriptedAnswer([
                .send(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n".utf8)), .close,
            ])
        ])

        let error = await failure { try await Upstream().call(UpstreamRequest("GET", server.url)).body.collect() }

        guard case .connectionLost = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("What is not HTTP is a bad answer", arguments: ["not HTTP", "status", "endless head"])
    @LoopActor func notHTTP(what: String) async throws {
        let wire =
            switch what {
            case "status": "HTTP/1.1 2x0 OK\r\n\r\n"
            case "not HTTP": "hello\r\n\r\n"
            default: "HTTP/1.1 200 OK\r\nX: \(String(repeating: "y", count: 70_000))\r\n\r\n"
            }
        let server = try ScriptedUpstream([ScriptedAnswer([.send(Array(wire.utf8)), .close])])

        let error = await failure { try await Upstream().call(UpstreamRequest("GET", server.url)) }

        guard case .badAnswer = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test @LoopActor func `a POST on a connection that dies is not sent twice`() async throws {
        let server = try ScriptedUpstream { $0.number == 2 ? .close : .status(200) }
        let upstream = Upstream()
        _ = try await upstream.call(UpstreamRequest("POST", server.url)).body.collect()

        let error = await failure { try await upstream.call(UpstreamRequest("POST", server.url, body: .bytes([1]))) }

        guard case .connectionLost = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.mayHaveBeenSent == true)
        #expect(server.calls == 2)
        #expect(server.requests[1].connection == 1)
    }

    @Test @LoopActor func `cancelling the task ends the transfer, before the head and within the body`() async throws {
        let whole = ScriptedAnswer.status(200, body: [1, 2, 3])
        let server = try ScriptedUpstream { request in
            request.number == 1 ? .silence : whole.split(at: whole.wireBytes.count - 1, by: Gate())
        }
        let upstream = Upstream()

        let first = Task { @LoopActor in
            await failure { try await upstream.call(UpstreamRequest("GET", server.url)) }
        }
        _ = try await server.request(1)
        first.cancel()
        #expect(await first.value?.reason == .cancelled)
        try await server.connectionEnded(1)

        let response = try await upstream.call(UpstreamRequest("GET", server.url))
        let second = Task { @LoopActor in await failure { try await response.body.collect() } }
        second.cancel()
        #expect(await second.value?.reason == .cancelled)
        try await server.connectionEnded(2)
    }

    @Test @LoopActor func `a call in a task that is already cancelled sends nothing`() async throws {
        let server = try ScriptedUpstream(always: .status(200))
        let upstream = Upstream()
        let gate = Gate()
        let task = Task { @LoopActor in
            await gate.wait()
            return await failure { try await upstream.call(UpstreamRequest("GET", server.url)) }
        }

        task.cancel()
        gate.open()

        #expect(await task.value?.reason == .cancelled)
        #expect(await task.value?.mayHaveBeenSent == false)
        #expect(server.connectionsMade == 0)
    }

    @Test @LoopActor func `letting go of an unread body closes the connection`() async throws {
        let whole = ScriptedAnswer.status(200, body: [1, 2, 3])
        let server = try ScriptedUpstream([whole.split(at: whole.wireBytes.count - 1, by: Gate())])
        let upstream = Upstream()

        #expect(try await upstream.call(UpstreamRequest("GET", server.url)).status == 200)

        try await server.connectionEnded(1)
    }
}
