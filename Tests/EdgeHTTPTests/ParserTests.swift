// What the parser reads out of valid messages, and where its limits are.
import Testing

@testable import EdgeHTTP

struct ParserTests {
    @Test(
        "A target is cut into path and query",
        arguments: [
            ("/", "/", nil), ("/a/b", "/a/b", nil), ("/?", "/", ""), ("/a?b=c", "/a", "b=c"), ("/a?b?c", "/a", "b?c"),
            ("//a", "//a", nil), ("/a;b=c,d", "/a;b=c,d", nil), ("/%2e%2E/", "/%2e%2E/", nil),
            ("/a@b:c!$&'()*+,;=-._~", "/a@b:c!$&'()*+,;=-._~", nil), ("/a[b]|^", "/a[b]|^", nil),
            ("/?a[]=1|2{3}^`\\100%", "/", "a[]=1|2{3}^`\\100%"), ("http://a", "", nil), ("http://a/", "/", nil),
            ("HTTP://a/b?c", "/b", "c"), ("https://a:443/b", "/b", nil), ("http://a?b/c", "", "b/c"),
            ("http://[::1]:80/x", "/x", nil),
        ] as [(String, String, String?)]
    )
    func cutsTarget(target: String, path: String, query: String?) {
        let read = transcript("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")

        #expect(read.refusal == nil)
        #expect(read.messages.first?.path == bytes(path))
        #expect(read.messages.first?.query == query.map(bytes))
    }

    @Test(
        "A valid request is taken",
        arguments: [
            "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "get / HTTP/1.1\r\nHost: a\r\n\r\n",
            "M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n", "!#$%&'*+-.^_`|~ / HTTP/1.1\r\nHost: a\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n", "OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n",
            "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT [::1]:1 HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.9\r\nHost: a\r\n\r\n", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nhOsT:a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: \t a \t \r\n\r\n", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY: \r\n!#$%&'*+-.^_`|~: b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: \u{E9}\u{80}\u{FF} \t ()<>@,;:\\\"/[]?={}\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \t 005 \t\r\n\r\nhello",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 000000000000000000000000000005\r\n\r\nhello",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \t chunked \t\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: , chunked, ,\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello",
        ]
    )
    func takesRequest(text: String) {
        let read = transcript(text)

        #expect(read.refusal == nil)
        #expect(read.messages.map(\.isComplete) == [true])
    }

    @Test func `pipelined requests are read one after the other`() {
        let read = transcript(
            "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                + "GET /b HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n\r\n"
                + "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n"
                + "GET /d HTTP/1.1\r\nHost: a\r\n\r\n"
        )

        #expect(read.messages.map { String(decoding: $0.path, as: UTF8.self) } == ["/a", "/b", "/c", "/d"])
        #expect(read.messages.map { String(decoding: $0.body, as: UTF8.self) } == ["abc", "", "x", ""])
    }

    @Test(
        "A connection is kept as version and Connection say",
        arguments: [
            ("1.1", "", true), ("1.1", "close", false), ("1.1", "CLOSE", false), ("1.1", "a, close ,b", false),
            ("1.1", "closed", true), ("1.1", "keep-alive", true), ("1.1", "keep-alive, close", false),
            ("1.0", "", false),
            ("1.0", "keep-alive", true), ("1.0", "Keep-Alive", true), ("1.0", "close, keep-alive", false),
            ("1.2", "", true), ("1.1", "x\r\nConnection: close", false),
        ]
    )
    func keepsConnection(version: String, value: String, keeps: Bool) {
        let read = transcript("GET / HTTP/\(version)\r\nHost: a\r\nConnection: \(value)\r\n\r\n")

        #expect(read.messages.first?.keepsAlive == keeps)
    }

    @Test func `a head may have exactly the limit`() {
        let start = "GET / HTTP/1.1\r\nHost: a\r\nX: "
        let fits = start + String(repeating: "b", count: 200 - start.utf8.count - 4) + "\r\n\r\n"
        let larger = start + String(repeating: "b", count: 201 - start.utf8.count - 4) + "\r\n\r\n"

        #expect(HTTPTranscript([bytes(fits)], limit: 200).refusal == nil)
        #expect(HTTPTranscript([bytes(larger)], limit: 200).refusal?.status == 431)
        #expect(HTTPTranscript(bytes(larger).map { [$0] }, limit: 200).refusal?.status == 431)
    }

    @Test func `what is too long is refused by its own status`() {
        let long = String(repeating: "a", count: 300)

        let target = HTTPTranscript([bytes("GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n")], limit: 200)
        let field = HTTPTranscript([bytes("GET / HTTP/1.1\r\nHost: a\r\nX: \(long)\r\n\r\n")], limit: 200)
        let name = HTTPTranscript([bytes("GET / HTTP/1.1\r\nHost: a\r\n\(long): b\r\n\r\n")], limit: 200)
        let lines = HTTPTranscript([bytes(String(repeating: "\r\n", count: 300))], limit: 200)
        let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let trailer = HTTPTranscript([bytes(chunked + "0\r\nX: \(long)\r\n\r\n")], limit: 200)
        let extensions = HTTPTranscript([bytes(chunked + "5;\(String(repeating: "a", count: 5000))")])

        #expect(target.refusal?.status == 414)
        #expect(field.refusal?.status == 431)
        #expect(name.refusal?.status == 431)
        #expect(lines.refusal?.status == 414)
        #expect(trailer.refusal?.status == 431)
        #expect(extensions.refusal?.status == 400)
    }

    @Test func `many extensions of many chunks are refused together`() {
        let chunk = "1;\(String(repeating: "a", count: 3000))\r\nx\r\n"
        let text =
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + String(repeating: chunk, count: 22)

        #expect(HTTPTranscript([bytes(text)]).refusal?.status == 400)
    }

    @Test(
        "An answer is read",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc", true),
            ("HTTP/1.1 200 \r\nContent-Length: 3\r\n\r\nabc", "abc", true),
            ("HTTP/1.1 200\r\nContent-Length: 3\r\n\r\nabc", "abc", true),
            ("HTTP/1.1 200 \u{E9} a\tb\r\nContent-Length: 0\r\n\r\n", "", true),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n", "abc", true),
            ("HTTP/1.1 204 No Content\r\n\r\n", "", true),
            ("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "", true),
            ("HTTP/1.1 100 Continue\r\n\r\n", "", true), ("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n", "", true),
            ("HTTP/1.0 200 OK\r\n\r\nabc", "abc", false), ("HTTP/1.1 200 OK\r\n\r\nabc", "abc", false),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "abc", false),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "abc", false),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", "abc", false),
        ]
    )
    func readsAnswer(text: String, body: String, isComplete: Bool) {
        let read = transcript(text, toHead: false)

        #expect(read.refusal == nil)
        #expect(read.messages.first?.body == bytes(body))
        #expect(read.messages.first?.isComplete == isComplete)
    }

    @Test(
        "A malformed answer is refused",
        arguments: [
            "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
            "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1 200 OK\n\n", "HTTP/1.1 200 O\u{0}K\r\n\r\n",
            "HTTP/2.0 200 OK\r\n\r\n",
            "HTTP/2 200\r\n\r\n", "ICY 200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n",
            "200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "HTTP/1.1 200 OK\r\nX : a\r\n\r\n",
            "HTTP/1.1 200 OK\r\n X: a\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        ]
    )
    func refusesAnswer(text: String) {
        #expect(transcript(text, toHead: false).refusal != nil)
    }

    @Test func `an answer to HEAD has no body`() {
        let read = transcript(
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            toHead: true
        )

        #expect(read.messages.map(\.isComplete) == [true, true])
    }
}
