import EdgeLoop
import Glibc
import TestSupport
import Testing
import Upstream

struct UpstreamCallTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `a call sends what was asked and gives the whole answer`() async throws {
        let server = try ScriptedUpstream([
            .status(
                200,
                headers: [("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("X-Id", " 7 ")],
                body: Array("hi".utf8)
            )
        ])
        let request = UpstreamRequest(
            "POST",
            server.url + "/v1/x?y=1",
            headers: ["Content-Type": "application/json", "X-Empty": ""],
            body: .bytes(Array("{}".utf8))
        )

        let response = try await Upstream(userAgent: "edge/1.2").call(request)

        #expect(response.status == 200)
        #expect(response.url == server.url + "/v1/x?y=1")
        #expect(response.headers.values("SET-COOKIE") == ["a=1", "b=2"])
        #expect(response.headers["x-id"] == "7")
        #expect(try await response.body.collect() == Array("hi".utf8))
        let got = try await server.request(1)
        #expect(got.method == "POST")
        #expect(got.target == "/v1/x?y=1")
        #expect(got.text == "{}")
        #expect(got.header("content-type") == "application/json")
        #expect(got.header("content-length") == "2")
        #expect(got.header("x-empty") == "")
        #expect(got.header("user-agent") == "edge/1.2")
        #expect(got.header("accept-encoding") == nil)
        #expect(got.header("expect") == nil)
    }

    @Test("A method that means a body says so when it is empty", arguments: ["POST", "PUT", "PATCH"])
    @LoopActor func emptyBody(method: String) async throws {
        let server = try ScriptedUpstream(always: .status(204))

        let response = try await Upstream().call(UpstreamRequest(method, server.url))

        #expect(response.status == 204)
        #expect(try await response.body.next() == nil)
        #expect(server.requests[0].method == method)
        #expect(server.requests[0].header("content-length") == "0")
        #expect(server.requests[0].header("content-type") == nil)
    }

    @Test @LoopActor func `HEAD has a length and no body`() async throws {
        let server = try ScriptedUpstream([.wire("HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")])

        let response = try await Upstream().call(UpstreamRequest("HEAD", server.url))

        #expect(response.headers["content-length"] == "999999999999")
        #expect(try await response.body.collect() == [])
    }

    @Test @LoopActor func `a connection is used again`() async throws {
        let server = try ScriptedUpstream(always: .status(200, body: [1]))
        let upstream = Upstream()

        for _ in 0..<3 { _ = try await upstream.call(UpstreamRequest("POST", server.url)).body.collect() }

        #expect(server.calls == 3)
        #expect(server.connectionsMade == 1)
    }

    @Test @LoopActor func `a kept connection that its server closes meanwhile is replaced`() async throws {
        let whole = ScriptedAnswer.status(200, body: [1])
        let server = try ScriptedUpstream { _ in ScriptedAnswer(whole.steps + [.close]) }
        let upstream = Upstream()

        for number in 1...3 {
            let request = UpstreamRequest("POST", server.url, body: .bytes([2]))
            #expect(try await upstream.call(request).body.collect() == [1])
            try await server.connectionEnded(number)
        }

        #expect(server.calls == 3)
        #expect(server.connectionsMade == 3)
    }

    @Test(
        "A body goes out whole and without a type of its own, small or large",
        arguments: [1, 16_384, 16_385, 300_000]
    )
    @LoopActor func sendsBody(count: Int) async throws {
        let server = try ScriptedUpstream(always: .status(200))
        let body = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let upstream = Upstream()

        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            _ = try await upstream.call(UpstreamRequest(method, server.url, body: .bytes(body))).body.collect()
        }

        #expect(server.requests.map(\.method) == ["POST", "PUT", "PATCH", "DELETE"])
        for request in server.requests {
            #expect(request.body == body)
            #expect(request.header("content-length") == "\(count)")
            #expect(request.header("content-type") == nil)
            #expect(request.header("expect") == nil)
        }
    }

    @Test @LoopActor func `many calls run at once`() async throws {
        let gate = Gate()
        let server = try ScriptedUpstream(always: ScriptedAnswer.status(200, body: [7]).after(gate))
        let upstream = Upstream()
        let calls = (0..<20).map { _ in
            Task { @LoopActor in try await upstream.call(UpstreamRequest("GET", server.url)).body.collect() }
        }

        _ = try await server.request(20)
        gate.open()

        for call in calls { #expect(try await call.value == [7]) }
    }

    @Test @LoopActor func `informational answers and trailers are passed over`() async throws {
        let server = try ScriptedUpstream([
            .wire(
                "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
                    + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n"
            )
        ])

        let response = try await Upstream().call(UpstreamRequest("GET", server.url))

        #expect(response.status == 200)
        #expect(response.headers["link"] == nil)
        #expect(try await response.body.collect() == Array("ab".utf8))
        #expect(response.headers["x-sum"] == nil)
    }

    @Test @LoopActor func `an error status is an answer`() async throws {
        let server = try ScriptedUpstream([.json(503, #"{"estimated_time":20.0}"#)])

        let response = try await Upstream().call(UpstreamRequest("GET", server.url))

        #expect(response.status == 503)
        #expect(try await response.body.collect().count == 23)
    }

    @Test(
        "A request that cannot be sent safely is refused by name",
        arguments: [
            UpstreamRequest("GET", "ftp://127.0.0.1/"), UpstreamRequest("GET", "file:///etc/passwd"),
            UpstreamRequest("GET", "127.0.0.1"), UpstreamRequest("GET", "http://user:pw@127.0.0.1/"),
            UpstreamRequest("get", "http://127.0.0.1/"), UpstreamRequest("CONNECT", "http://127.0.0.1/"),
            UpstreamRequest("GET", "http://127.0.0.1/", headers: ["A": "b\r\nC: d"]),
            UpstreamRequest("GET", "http://127.0.0.1/", headers: ["A b": "c"]),
            UpstreamRequest("GET", "http://127.0.0.1/", headers: ["Transfer-Encoding": "chunked"]),
        ]
    )
    @LoopActor func invalid(request: UpstreamRequest) async {
        let error = await failure { try await Upstream().call(request) }

        guard case .invalidRequest = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.mayHaveBeenSent == false)
    }

    @Test func `a request does not print what may be secret`() {
        let request = UpstreamRequest(
            "POST",
            "https://hooks.test/secret-path?key=secret-query",
            headers: ["Authorization": "secret-token"],
            body: .bytes(Array("secret-body".utf8))
        )

        #expect("\(request)" == "POST https://hooks.test")
        #expect("\(request.headers)" == "[Authorization]")
    }

    @Test @LoopActor func `a call where nobody listens was certainly not sent`() async throws {
        let server = try ScriptedUpstream([])
        server.close()

        let error = await failure { try await Upstream().call(UpstreamRequest("POST", server.url)) }

        guard case .cannotConnect = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.mayHaveBeenSent == false)
        #expect(error?.description.hasPrefix(server.url + ": no connection: ") == true)
    }

    @Test @LoopActor func `a name without an address says so`() async {
        let error = await failure { try await Upstream().call(UpstreamRequest("GET", "http://no-such-host.invalid/")) }

        #expect(error?.reason == .nameNotFound)
    }

    @Test(
        "An address that nobody may call is not connected to",
        arguments: ["169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "0xA9FEA9FE"]
    )
    @LoopActor func refusedAddress(host: String) async {
        let error = await failure { try await Upstream().call(UpstreamRequest("GET", "http://\(host)/")) }

        guard case .addressRefused = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.mayHaveBeenSent == false)
    }

    @Test @LoopActor func `the policy is asked again for the address that a name turns out to have`() async throws {
        let server = try ScriptedUpstream(always: .status(200))
        let upstream = Upstream(policy: AddressPolicy(allowsLoopback: false))

        let error = await failure {
            try await upstream.call(UpstreamRequest("GET", "http://localhost:\(server.port)/"))
        }

        guard case .addressRefused = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.connectionsMade == 0)
    }

    @Test @LoopActor func `sockets are closed on exec`() async throws {
        let gate = Gate()
        let server = try ScriptedUpstream([ScriptedAnswer.status(200).after(gate)])
        let upstream = Upstream()
        async let response = upstream.call(UpstreamRequest("GET", server.url))
        _ = try await server.request(1)

        for descriptor in 3..<Int32(256) where fcntl(descriptor, F_GETFD) >= 0 {
            var address = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) }
            }
            if result == 0, address.sin_port == server.port.bigEndian {
                #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
            }
        }
        gate.open()
        _ = try await response
    }
}

/// The error that `body` ends with; nil when it succeeds.
@LoopActor
func failure<Output>(_ body: @LoopActor () async throws -> Output) async -> UpstreamError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? UpstreamError
    }
}
