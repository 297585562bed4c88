import EdgeLoop
import TestSupport
import Testing

@testable import Upstream

struct RedirectTests {
    init() { TestLoop.start() }

    @Test(
        "The method after a redirect is the one that RFC 9110 gives",
        arguments: [
            (301, "POST", "GET"), (302, "POST", "GET"), (303, "POST", "GET"), (303, "PUT", "GET"),
            (303, "HEAD", "HEAD"),
            (301, "PUT", "PUT"), (302, "HEAD", "HEAD"), (307, "POST", "POST"), (308, "POST", "POST"),
        ]
    )
    func method(status: Int, before: String, after: String) throws {
        let redirect = try Redirect.after(
            status: status,
            location: "/b",
            method: before,
            from: UpstreamURL("http://a.test/a?x=1"),
            allowing: []
        )

        #expect(redirect?.method == after)
        #expect(redirect?.url.text == "http://a.test/b")
        #expect(redirect?.keepsBody == (before == after))
        #expect(redirect?.crossesOrigin == false)
    }

    @Test(
        "Where a redirect may not lead",
        arguments: [
            ("https://a.test/", "http://a.test/"), ("https://a.test/", "https://b.test/"),
            ("http://a.test/", "//b.test/"),
            ("http://a.test/", "http://a.test:81/"), ("http://a.test/", "ftp://a.test/"),
            ("http://a.test/", "file:///etc/passwd"), ("http://a.test/", "http://u:p@a.test/"),
            ("http://a.test/", "https://a.test/"), ("http://a.test/", "javascript:1"),
        ]
    )
    func refused(from: String, to: String) throws {
        #expect(throws: UpstreamError.Reason.self) {
            _ = try Redirect.after(
                status: 302,
                location: to,
                method: "GET",
                from: UpstreamURL(from),
                allowing: ["http://c.test"]
            )
        }
    }

    @Test("What is no redirect is the caller's", arguments: [(200, "/b"), (304, "/b"), (300, "/b"), (302, nil)])
    func none(status: Int, location: String?) throws {
        #expect(
            try Redirect.after(
                status: status,
                location: location,
                method: "GET",
                from: UpstreamURL("http://a.test/"),
                allowing: []
            ) == nil
        )
    }

    @Test func `origins are equal in spite of case and a usual port`() throws {
        let redirect = try Redirect.after(
            status: 302,
            location: "HTTPS://CDN.test:443/x y#z",
            method: "GET",
            from: UpstreamURL("https://a.test/"),
            allowing: ["https://cdn.TEST"]
        )

        #expect(redirect?.crossesOrigin == true)
        #expect(redirect?.url.text == "https://CDN.test:443/x%20y")
    }

    @Test @LoopActor func `a redirect is followed within the origin with all headers, and a body only when it is kept`()
        async throws
    {
        let server = try ScriptedUpstream([
            .status(307, headers: [("Location", "/two")]), .status(303, headers: [("Location", "three?q=1")]),
            .status(200, body: [3]),
        ])
        let request = UpstreamRequest(
            "POST",
            server.url + "/one",
            headers: ["Authorization": "Bearer x", "Content-Type": "text/plain"],
            body: .bytes([1])
        )

        let response = try await Upstream().call(request)

        #expect(try await response.body.collect() == [3])
        #expect(response.url == server.url + "/three?q=1")
        #expect(server.requests.map(\.method) == ["POST", "POST", "GET"])
        #expect(server.requests.map(\.body) == [[1], [1], []])
        #expect(server.requests.map { $0.header("authorization") } == ["Bearer x", "Bearer x", "Bearer x"])
        #expect(server.requests.map { $0.header("content-type") } == ["text/plain", "text/plain", nil])
    }

    @Test @LoopActor func `credentials never go to another origin, nor back again`() async throws {
        let other = try ScriptedUpstream { _ in .status(302, headers: [("Location", back)]) }
        let first = try ScriptedUpstream { request in
            request.path == "/back" ? .status(200) : .status(302, headers: [("Location", other.url + "/x")])
        }
        back = first.url + "/back"
        var request = UpstreamRequest("GET", first.url + "/")
        request.headers = [
            "Authorization": "a", "apikey": "b", "X-API-Key": "c", "Cookie": "d", "Proxy-Authorization": "e",
            "X-Mine": "f", "X-Plain": "g",
        ]
        request.credentialHeaders = ["x-mine"]
        request.redirectOrigins = [other.url, first.url]

        _ = try await Upstream().call(request)

        #expect(first.requests[0].header("x-mine") == "f")
        for got in [other.requests[0], first.requests[1]] {
            for name in ["authorization", "apikey", "x-api-key", "cookie", "proxy-authorization", "x-mine"] {
                #expect(got.header(name) == nil)
            }
            #expect(got.header("x-plain") == "g")
        }
    }

    @Test @LoopActor func `redirects end after five`() async throws {
        let server = try ScriptedUpstream(always: .status(302, headers: [("Location", "/again")]))

        let error = await failure { try await Upstream().call(UpstreamRequest("GET", server.url)) }

        #expect(error?.reason == .tooManyRedirects(max: 5))
        #expect(server.calls == 6)
    }

    @Test @LoopActor func `a redirect to a metadata address is refused although its origin is allowed`() async throws {
        let server = try ScriptedUpstream(always: .status(302, headers: [("Location", "http://169.254.169.254/")]))
        var request = UpstreamRequest("GET", server.url)
        request.redirectOrigins = ["http://169.254.169.254"]

        let error = await failure { try await Upstream().call(request) }

        #expect(error?.reason == .addressRefused("169.254.169.254"))
        #expect(error?.mayHaveBeenSent == true)  // the first hop has answered
    }

    @Test @LoopActor func `a call that fails after its redirect may have been charged before it`() async throws {
        let gone = try ScriptedUpstream([])
        gone.close()
        let server = try ScriptedUpstream(always: .status(303, headers: [("Location", gone.url)]))
        var request = UpstreamRequest("POST", server.url)
        request.redirectOrigins = [gone.url]

        let error = await failure { try await Upstream().call(request) }

        guard case .cannotConnect = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.mayHaveBeenSent == true)
    }

    @Test @LoopActor func `a streamed body cannot be sent again`() async throws {
        let server = try ScriptedUpstream(always: .status(308, headers: [("Location", "/x")]))

        let error = await failure {
            try await Upstream().call(UpstreamRequest("POST", server.url, body: .stream(length: 0) { nil }))
        }

        guard case .redirectRefused = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.calls == 1)
    }
}

@LoopActor private var back = ""
