// A server on real sockets: requests, answers, pipelining, versions, and how connections end.
import EdgeLoop
import TestSupport
import Testing

@testable import EdgeHTTP

@Suite(.timeLimit(.minutes(5)))
struct ServerTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `a request is answered and the connection kept`() async throws {
        let server = try TestServer { request in .text("\(request.method) \(request.target)") }
        let client = try await server.client()

        client.send("GET /a?b=c HTTP/1.1\r\nHost: a\r\n\r\n")
        let first = await client.until("GET /a?b=c")
        client.send("PUT /d HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
        let both = await client.until("PUT /d")

        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length:"
        #expect(first.undated == "\(head) 10\r\n\r\nGET /a?b=c")
        #expect(both.undated == "\(head) 10\r\n\r\nGET /a?b=c\(head) 6\r\n\r\nPUT /d")
        client.close()
    }

    @Test(arguments: [false, true]) @LoopActor
    func `pipelined requests are answered in order`(tcp: Bool) async throws {
        let server = try TestServer(tcp: tcp) { request in
            let body = (try? await request.body.collect(upTo: 100)) ?? []
            if request.path == "/slow" { try? await sleep(for: .milliseconds(20)) }
            return .text(request.path + String(decoding: body, as: UTF8.self))
        }
        server.handler.cans["/canned"] = HTTPCannedResponse(headers: [:], body: bytes("canned"))

        let text = try await server.exchange(
            "GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /canned HTTP/1.1\r\nHost: a\r\n\r\n"
                + "GET /canned HTTP/1.1\r\nHost: a\r\n\r\n"
                + "POST /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nT: t\r\n\r\n"
                + "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\ncd"
                + "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\nHost: a\r\n\r\n"
        )

        let bodies = text.split(separator: "HTTP/1.1 200 OK\r\n").map { $0.split(separator: "\r\n\r\n").last ?? "" }
        #expect(bodies == ["/slow", "canned", "canned", "/chunksab", "/lengthcd", "/last"])
        #expect(text.contains("Connection: close\r\n"))
    }

    @Test @LoopActor func `a request may come byte by byte`() async throws {
        var limits = HTTPLimits()
        // On a busy machine a hundred turns of the loop can take longer than a head may.
        limits.headTime = .seconds(300)
        limits.bodyIdle = .seconds(300)
        let server = try TestServer(limits: limits) { request in
            .text(String(decoding: (try? await request.body.collect(upTo: 100)) ?? [], as: UTF8.self))
        }
        for framing in [
            "Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n2;a\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        ] {
            let client = try await server.client()

            for byte in bytes("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(framing)") {
                client.send([byte])
                await Task.yield()
            }

            #expect(await client.all().hasSuffix("\r\n\r\nhello"))
        }
    }

    @Test @LoopActor func `HTTP/1.0 closes unless it asks to be kept`() async throws {
        let server = try TestServer()
        let client = try await server.client()

        let closed = try await server.exchange("GET / HTTP/1.0\r\n\r\n")
        client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        let kept = await client.until("hello")

        #expect(closed.contains("\r\nConnection: close\r\n"))
        #expect(kept.contains("\r\nConnection: keep-alive\r\n"))
        client.close()
    }

    @Test @LoopActor func `HEAD gets the head alone, with the length of the body`() async throws {
        let server = try TestServer { request in
            switch request.path {
            case "/stream": HTTPResponse(body: .stream(length: nil) { try await $0.write("x") })
            case "/own": HTTPResponse(headers: ["Content-Length": "77"])
            default: .text("hello")
            }
        }
        server.handler.cans["/can"] = HTTPCannedResponse(headers: [:], body: bytes("hello"))

        let text = try await server.exchange(
            ["/", "/stream", "/own", "/can"].map { "HEAD \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
                + "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )

        let heads = text.split(separator: "HTTP/1.1 200 OK\r\n")
        #expect(heads.count == 5)
        #expect(heads.allSatisfy { $0.hasSuffix("\r\n\r\n") })
        #expect(heads[0].contains("Content-Length: 5\r\n") && heads[3].contains("Content-Length: 5\r\n"))
        #expect(heads[1].contains("Transfer-Encoding: chunked\r\n"))
        #expect(heads[2].contains("Content-Length: 77\r\n"))
    }

    @Test @LoopActor func `a full URL in the request line overrides Host`() async throws {
        let server = try TestServer { request in .text("\(request.target) \(request.headers["host"] ?? "")") }

        for (target, seen) in [("http://b:1/c?d", "/c?d b:1"), ("http://b?d", "/?d b"), ("http://b", "/ b")] {
            let text = try await server.exchange("GET \(target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

            #expect(text.hasSuffix("\r\n\r\n\(seen)"))
        }
    }

    @Test(
        "The server refuses and closes",
        arguments: [
            ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/2.0\r\n\r\n", 505),
            ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n", 413),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\nExpect: 100-continue\r\n\r\n", 413),
            ("GET /\(String(repeating: "a", count: 17000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            ("GET / HTTP/1.1\r\nHost: a\r\nA: \(String(repeating: "a", count: 17000))\r\n\r\n", 431),
        ]
    )
    @LoopActor func refuses(text: String, status: Int) async throws {
        let server = try TestServer { request in
            _ = try? await request.body.collect(upTo: 100)
            return .text("hello")
        }

        let answer = try await server.exchange(text + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")

        #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
        #expect(answer.contains("\r\nConnection: close\r\n"))
        #expect(answer.split(separator: "\r\nDate: ").count == 2)
        #expect(server.server.busyCount == 0)
    }

    @Test @LoopActor func `what nobody has to wait for happens once, behind the sent answer`() async throws {
        @LoopActor final class Sent {
            var client: RawClient?
            var texts: [String] = []
        }
        let sent = Sent()
        let server = try TestServer { _ in
            var response = HTTPResponse.text("hello")
            response.afterwards = {
                sent.client?.socketReadable()
                sent.texts.append(sent.client?.text ?? "")
            }
            return response
        }
        let client = try await server.client()
        sent.client = client

        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = await client.until("hello")

        #expect(sent.texts.count == 1)
        #expect(sent.texts.first?.hasSuffix("hello") == true)
    }

    @Test @LoopActor func `what nobody has to wait for happens also when the client has left`() async throws {
        let (begun, ended) = (AsyncStream<Void>.makeStream(), AsyncStream<Void>.makeStream())
        let server = try TestServer { _ in
            begun.continuation.yield()
            try? await sleep(for: .seconds(600))  // cancelled when the client has left
            var response = HTTPResponse.text("nobody")
            response.afterwards = { ended.continuation.yield() }
            return response
        }
        let client = try await server.client()
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        for await _ in begun.stream { break }

        client.close()

        for await _ in ended.stream { break }
        #expect(server.server.connectionCount == 0)
    }

    @Test @LoopActor func `the handler shapes refusals, and sees the request's headers`() async throws {
        final class Shaping: HTTPHandler {
            func answer(_ request: HTTPRequest) async -> HTTPResponse { .text("") }
            func bodyLimit(method: String, path: String) -> Int { 10 }
            func refuse(_ refusal: HTTPRefusal, to request: HTTPRequest?) -> HTTPResponse {
                HTTPResponse(
                    status: refusal.status,
                    headers: ["Access-Control-Allow-Origin": request?.headers["origin"] ?? "*"],
                    body: .bytes(bytes("{}"))
                )
            }
        }
        let folder = TemporaryFolder()
        let listener = try Listener(.unix(path: folder.path + "/s"))
        let server = HTTPServer(listener, handler: Shaping())
        let client = RawClient(try await Socket.connect(to: listener.address))

        client.send("POST / HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\nContent-Length: 11\r\n\r\n")

        let text = await client.all()
        #expect(text.hasPrefix("HTTP/1.1 413 "))
        #expect(text.contains("Access-Control-Allow-Origin: http://b\r\n"))
        #expect(text.hasSuffix("\r\n\r\n{}"))
        server.stopAccepting()
    }

    @Test(arguments: [false, true]) @LoopActor
    func `a client that sends a too large body to its end reads the refusal`(chunked: Bool) async throws {
        let server = try TestServer(tcp: true) { request in
            _ = try? await request.body.collect(upTo: .max)
            return .text("hello")
        }
        let client = try await server.client()
        let part = String(repeating: "a", count: 0x10000)

        client.send("POST / HTTP/1.1\r\nHost: a\r\n")
        client.send(chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: \(part.utf8.count * 64)\r\n\r\n")
        for _ in 0..<64 { client.send(chunked ? "10000\r\n\(part)\r\n" : part) }

        #expect(await client.all().hasPrefix("HTTP/1.1 413 "))
    }

    @Test @LoopActor func `100 Continue is sent when the handler wants the body, and not before`() async throws {
        let server = try TestServer { request in
            if request.path == "/no" { return .text("no", status: 403) }
            let body = (try? await request.body.collect(upTo: 100)) ?? []
            return .text(String(decoding: body, as: UTF8.self))
        }
        let expecting = "HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"

        let client = try await server.client()
        client.send("POST / \(expecting)")
        let interim = await client.until("\r\n\r\n")
        client.send("hello")
        let answer = await client.until("hello")
        let refused = try await server.exchange("POST /no \(expecting)")
        let old = try await server.exchange("POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello")

        #expect(interim == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(answer.dropFirst(interim.count).hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(refused.hasPrefix("HTTP/1.1 403 "))
        #expect(refused.contains("Connection: close\r\n"))
        #expect(old.hasPrefix("HTTP/1.1 200 OK\r\n"))
        client.close()
    }

    @Test(arguments: [false, true]) @LoopActor
    func `a client that leaves cancels its request`(tcp: Bool) async throws {
        let cancelled = Signal()
        let started = Signal()
        let server = try TestServer(tcp: tcp) { _ in
            started.fire()
            do { try await sleep(for: .seconds(3600)) } catch { cancelled.fire() }
            return .text("late")
        }
        let client = try await server.client()

        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await started.wait()
        client.close()

        await cancelled.wait()
        #expect(server.server.connectionCount == 0)
    }

    @Test(arguments: [false, true]) @LoopActor
    func `a client that only finished sending gets its answer`(tcp: Bool) async throws {
        let server = try TestServer(tcp: tcp) { request in
            if request.path == "/slow" { try? await sleep(for: .milliseconds(1300)) }
            return .text("hello")
        }

        let quick = try await server.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n", finish: true)
        let slow = try await server.exchange("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n", finish: true)
        let old = try await server.exchange("GET /slow HTTP/1.0\r\n\r\n", finish: true)
        let both = try await server.exchange(
            "GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            finish: true
        )

        #expect(quick.hasPrefix("HTTP/1.1 200 OK\r\n") && quick.hasSuffix("hello"))
        #expect(slow.hasSuffix("\r\n\r\nhello"))
        #expect(slow.hasPrefix(tcp ? "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK" : "HTTP/1.1 200 OK"))
        #expect(old.hasPrefix("HTTP/1.1 200 OK"))
        #expect(both.split(separator: "hello").count == 2)
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHo", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
    ]) @LoopActor
    func `a request that ends early is refused`(text: String) async throws {
        let server = try TestServer { request in
            _ = try? await request.body.collect(upTo: 100)
            return .text("hello")
        }

        #expect(try await server.exchange(text, finish: true).hasPrefix("HTTP/1.1 400 "))
    }
}
