import EdgeLoop
import TestSupport
import Testing
import Upstream

struct UpstreamStreamTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `the body is handed over while the upstream still sends`() async throws {
        let gate = Gate()
        let whole = ScriptedAnswer.status(200, body: Array("firstlast".utf8))
        let server = try ScriptedUpstream([whole.split(at: whole.wireBytes.count - 4, by: gate)])

        let response = try await Upstream().call(UpstreamRequest("GET", server.url))

        #expect(try await response.body.next() == Array("first".utf8))
        gate.open()
        #expect(try await response.body.next() == Array("last".utf8))
        #expect(try await response.body.next() == nil)
        #expect(try await response.body.next() == nil)
    }

    @Test @LoopActor func `an upstream waits while nobody reads, and nothing is lost`() async throws {
        let bytes = [[UInt8]](repeating: Array(0...250), count: 80_000).flatMap(\.self)
        let sentAll = Gate()
        var isSentAll = false
        let server = try ScriptedUpstream([
            ScriptedAnswer(ScriptedAnswer.status(200, body: bytes).steps + [.wait(sentAll)])
        ])
        let upstream = Upstream()
        let response = try await upstream.call(UpstreamRequest("GET", server.url))

        // Another call on the same loop makes its whole way meanwhile: the first one is not being read.
        let other = try ScriptedUpstream(always: .status(200, body: [1]))
        for _ in 0..<20 { _ = try await upstream.call(UpstreamRequest("GET", other.url)).body.collect() }
        var got: [UInt8] = []
        var largest = 0
        while let piece = try await response.body.next() {
            largest = max(largest, piece.count)
            got += piece
        }
        isSentAll = true
        sentAll.open()

        #expect(got == bytes)
        #expect(isSentAll)
        #expect(largest <= 400 << 10)  // what was held at most: the limit and one more piece
    }

    @Test @LoopActor func `a request body is pulled piece by piece, in chunks when its length is unknown`() async throws
    {
        let server = try ScriptedUpstream(always: .status(200))
        var pieces = ["one", "", "two", "three"]
        let request = UpstreamRequest(
            "POST",
            server.url,
            body: .stream(length: nil) { pieces.isEmpty ? nil : Array(pieces.removeFirst().utf8) }
        )

        _ = try await Upstream().call(request)

        #expect(server.requests[0].text == "onetwothree")
        #expect(server.requests[0].header("transfer-encoding") == "chunked")
    }

    @Test @LoopActor func `a slow body of known length goes out with its length`() async throws {
        let server = try ScriptedUpstream(always: .status(200))
        let gate = Gate()
        var left = 3
        let piece = [UInt8](repeating: 9, count: 300_000)
        let request = UpstreamRequest(
            "PUT",
            server.url,
            body: .stream(length: 900_000) {
                if left == 1 { await gate.wait() }
                left -= 1
                return left >= 0 ? piece : nil
            }
        )
        let upstream = Upstream()
        let call = Task { @LoopActor in try await upstream.call(request).status }
        while left > 1 { try await sleep(for: .milliseconds(1)) }
        gate.open()

        #expect(try await call.value == 200)
        #expect(server.requests[0].body.count == 900_000)
        #expect(server.requests[0].header("content-length") == "900000")
    }

    @Test @LoopActor func `a body that fails or breaks its promise ends the call`() async throws {
        let server = try ScriptedUpstream(always: .status(200))
        struct Broken: Error {}

        let thrown = await failure {
            try await Upstream().call(
                UpstreamRequest("POST", server.url, body: .stream(length: nil) { throw Broken() })
            )
        }
        let short = await failure {
            try await Upstream().call(UpstreamRequest("POST", server.url, body: .stream(length: 10) { nil }))
        }
        let long = await failure {
            try await Upstream().call(UpstreamRequest("POST", server.url, body: .stream(length: 1) { [1, 2] }))
        }

        #expect(thrown?.reason == .bodyFailed("Broken()"))
        #expect(short?.reason == .bodyFailed("it ended after 0 of 10 bytes"))
        #expect(long?.reason == .bodyFailed("it gave more than the 1 bytes that it promised"))
        #expect(server.calls == 0)
    }

    @Test @LoopActor func `an upstream may answer before it has the whole body`() async throws {
        let listener = try Listener(.ip(#require(IPAddress("127.0.0.1")), port: 0))
        defer { listener.close() }
        listener.onConnection = { socket in
            let answer = Array("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno".utf8)
            _ = answer.withUnsafeBytes { socket.write($0) }
            held.append(socket)
        }
        let never = Gate()
        var first = true
        let request = UpstreamRequest(
            "POST",
            "http://\(listener.address)/",
            body: .stream(length: nil) {
                if !first { await never.wait() }
                first = false
                return [1]
            }
        )

        let response = try await Upstream().call(request)

        #expect(response.status == 413)
        #expect(try await response.body.collect() == Array("no".utf8))
        never.open()
        held = []
    }
}

@LoopActor private var held: [Socket] = []
