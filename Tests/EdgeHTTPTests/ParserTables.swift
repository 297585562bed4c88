// Tables of messages that must be taken and messages that must be refused, each cut at every position as well.
import Testing

@testable import EdgeHTTP

/// The bytes of a text in which every character stands for one byte.
func bytes(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }

/// Reads `text` whole, then cut in two at every position, then byte by byte, and holds that all agree.
func transcript(
    _ text: String,
    toHead: Bool? = nil,
    _ location: SourceLocation = #_sourceLocation
) -> HTTPTranscript {
    let input = bytes(text)
    let whole = HTTPTranscript([input], toHead: toHead)
    for cut in 0..<input.count {
        let halves = HTTPTranscript([Array(input[..<cut]), Array(input[cut...])], toHead: toHead)
        #expect(halves == whole, "cut at \(cut): \(text)", sourceLocation: location)
    }
    let single = HTTPTranscript(input.map { [$0] }, toHead: toHead)
    #expect(single == whole, "byte by byte: \(text)", sourceLocation: location)
    return whole
}

struct ParserTables {
    @Test(
        "A valid Host value is taken",
        arguments: [
            "", "a", "example.com", "example.com:", "example.com:80", "example.com:00080", "example.com:99999",
            "EXAMPLE.com", "a.b.c.d.e", "a..b", ".", "-", "_", "~", "a_b", "xn--bcher-kva.example", "a%20b", "%41%5a",
            "a!b", "a$b", "a&b", "a'b", "a(b)", "a*b", "a+b", "a,b", "a;b", "a=b", "!$&'()*+,;=", "127.0.0.1",
            "127.0.0.1:8787", "256.256.256.256", "1.2.3", "0", "[::]", "[::1]", "[::1]:80", "[::1]:",
            "[1:2:3:4:5:6:7:8]", "[1::8]", "[1:2:3:4:5:6:7::]", "[::2:3:4:5:6:7:8]", "[1:2:3:4:5:6::8]",
            "[::127.0.0.1]", "[::ffff:10.0.0.255]", "[1:2:3:4:5:6:1.2.3.4]", "[1::1.2.3.4]", "[ABCD:ef01::]",
            "[v1.a]", "[V1.a]", "[vF.a:b]", "[v1A.!$&'()*+,;=:~]", "[v1.a]:443", "localhost:8787",
        ]
    )
    func takesHost(value: String) {
        #expect(transcript("GET / HTTP/1.1\r\nHost: \(value)\r\n\r\n").refusal == nil)
    }

    @Test(
        "An invalid Host value is refused",
        arguments: [
            "a b", "a, b", "a\tb", "user@a", "user:pass@a", "a/b", "a/", "/", "a?b", "a#b", "http://a", "a:b", "a:80a",
            "a:-1", "a:+1", "a:80:80", "a: 80", "a :80", "::1", "::1:80", "[::1", "::1]", "[]", "[::1]a", "[::1]80",
            "[::1]:a", "[::1]]", "[[::1]]", "a[::1]", "[1]", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]",
            "[1:2:3:4:5:6:7:8::]", "[::1:2:3:4:5:6:7:8]", "[1::2::3]", "[:::]", "[:1]", "[1:]", "[12345::]", "[g::]",
            "[::1.2.3]", "[::1.2.3.4.5]", "[::256.0.0.1]", "[::01.2.3.4]", "[::1.2.3.4:5]", "[1.2.3.4]",
            "[1:2:3:4:5:6:7:1.2.3.4]", "[::1%25eth0]", "[::1%eth0]", "[fe80::1%251]", "[v.a]", "[v1.]", "[v1a]",
            "[vg.a]", "[v1.a/b]", "[v1.a%20]", "a%", "a%2", "a%zz", "a%2g", "\"a\"", "<a>", "a\\b", "a^b", "a`b",
            "a{b}", "a|b", "b\u{FC}cher", "a\u{80}", "a\u{1}b", "a\u{7F}", "a\u{0}b", "@", "a@", "a:80@b",
        ]
    )
    func refusesHost(value: String) {
        for version in ["1.1", "1.0"] {
            #expect(transcript("GET / HTTP/\(version)\r\nHost: \(value)\r\n\r\n").refusal?.status == 400)
        }
        #expect(transcript("GET http://b/ HTTP/1.1\r\nHost: \(value)\r\n\r\n").refusal?.status == 400)
    }

    @Test(
        "A message is refused with its status",
        arguments: [
            // Host
            ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.2\r\n\r\n", 400),
            ("GET http://a/ HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n", 400),
            ("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: \r\nHost: a\r\n\r\n", 400), ("GET / HTTP/1.1\r\nXHost: a\r\n\r\n", 400),
            // Line ends and white space
            ("GET / HTTP/1.1\nHost: a\n\n", 400), ("GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n\n", 400), ("GET / HTTP/1.1\rHost: a\r\r", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400),
            ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n\r \nHost: a\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\tX: b\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n", 400),
            // Names and values
            ("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX[y]: b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nX(y: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX y: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX\u{FC}: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX\u{0}: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX@: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: b\u{0}\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{1}\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: b\u{B}c\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{7F}\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{1B}[1m\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n\"X\": b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: b\u{8}cdefghijklm\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: abcdefghijklmn\u{1F}o\r\n\r\n", 400),
            // Method and request line
            ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("G\u{E9}T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
            ("GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /\r\nHost: a\r\n\r\n", 400), ("GET / \r\nHost: a\r\n\r\n", 400), ("GET\r\n\r\n", 400),
            ("(GET) / HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET / HTTP/1.1 x\r\nHost: a\r\n\r\n", 400),
            ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", 400), ("{\"a\":1}\r\n\r\n", 400), ("HTTP/1.1 200 OK\r\n\r\n", 400),
            (String(repeating: "A", count: 65) + " / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
            // Version
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505), ("GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505),
            ("GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            ("GET / http/1.1\r\nHost: a\r\n\r\n", 400), ("GET / Http/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1\r\nHost: a\r\n\r\n", 400), ("GET / HTTP/1.\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/11\r\nHost: a\r\n\r\n", 400), ("GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/01.1\r\nHost: a\r\n\r\n", 400), ("GET / HTTP/1.01\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP /1.1\r\nHost: a\r\n\r\n", 400), ("GET / HTTP/ 1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1,1\r\nHost: a\r\n\r\n", 400), ("GET / HTTP/a.b\r\nHost: a\r\n\r\n", 400),
            ("GET / ICY/1.1\r\nHost: a\r\n\r\n", 400), ("GET / HTTP/1.-1\r\nHost: a\r\n\r\n", 400),
            // Target
            ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET a/b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET ?a HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("OPTIONS ** HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("OPTIONS *?a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /a?b#c HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /?\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /\u{0} HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /\u{1} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /\u{7F} HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /a\u{C}b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /\"a\" HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /<a> HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /?<a> HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /% HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /%4?1 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET //\u{C0}\u{AF} HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET http:// HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET http://:80/ HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET http://a:b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET http://[::1/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET http:a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET urn:a:b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET http://a/#b HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET http://a\\b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("CONNECT a: HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("CONNECT :443 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("CONNECT a:0 HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("CONNECT a:65536 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("CONNECT http://a:1/ HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("CONNECT * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ]
    )
    func refusesMessage(message: String, status: Int) {
        #expect(transcript(message).refusal?.status == status)
    }

    @Test(
        "A framing field is refused with its status",
        arguments: [
            ("Content-Length: 5\r\nContent-Length: 5", 400), ("Content-Length: 5\r\nContent-Length: 6", 400),
            ("Content-Length: 5, 5", 400), ("Content-Length: 5,6", 400), ("Content-Length: 5,", 400),
            ("Content-Length: ,5", 400), ("Content-Length:", 400), ("Content-Length:  ", 400),
            ("Content-Length: +5", 400), ("Content-Length: -5", 400), ("Content-Length: -0", 400),
            ("Content-Length: 5 5", 400), ("Content-Length: 5.0", 400), ("Content-Length: 5e1", 400),
            ("Content-Length: 0x5", 400), ("Content-Length: 0o5", 400), ("Content-Length: 1_0", 400),
            ("Content-Length: five", 400), ("Content-Length: \"5\"", 400), ("Content-Length: 5;a", 400),
            ("Content-Length: \u{B2}", 400), ("Content-Length: 99999999999999999999", 400),
            ("Content-Length: 9223372036854775808", 400), ("Content-Length: 18446744073709551621", 400),
            ("Content-Length : 5", 400), ("Content-Length: 5\u{B}", 400),
            ("Transfer-Encoding: chunked\r\nContent-Length: 5", 400),
            ("Content-Length: 5\r\nTransfer-Encoding: chunked", 400),
            ("Content-Length: 0\r\nTransfer-Encoding: chunked", 400),
            ("Content-Length: 5\r\nTransfer-Encoding: identity", 400),
            ("Content-Length: 5\r\nTransfer-Encoding: gzip, chunked", 400),
            ("Transfer-Encoding:", 400), ("Transfer-Encoding: ,", 400), ("Transfer-Encoding: gzip", 400),
            ("Transfer-Encoding: identity", 400), ("Transfer-Encoding: chunked, gzip", 400),
            ("Transfer-Encoding: chunked, chunked", 400), ("Transfer-Encoding: chunked, identity", 400),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", 400),
            ("Transfer-Encoding: gzip, chunked, chunked", 400), ("Transfer-Encoding: xchunked", 400),
            ("Transfer-Encoding: chunkedx", 400), ("Transfer-Encoding: \"chunked\"", 400),
            ("Transfer-Encoding: 'chunked'", 400), ("Transfer-Encoding: chunked;a=b", 400),
            ("Transfer-Encoding: chunked;", 400), ("Transfer-Encoding: chun ked", 400),
            ("Transfer-Encoding: chunked chunked", 400), ("Transfer-Encoding: [chunked]", 400),
            ("Transfer-Encoding: \u{B}chunked", 400), ("Transfer-Encoding: chunked\u{C}", 400),
            ("Transfer-Encoding: chunked\u{0}", 400), ("Transfer-Encoding : chunked", 400),
            ("Transfer-Encoding\t: chunked", 400), ("Transfer-Encoding:\r\n chunked", 400),
            ("Transfer-Encoding: \u{FF}chunked", 400), ("Transfer-Encoding: gzip;q=1, chunked", 400),
            ("Transfer-Encoding: gzip, chunked", 501), ("Transfer-Encoding: identity, chunked", 501),
            ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", 501),
            ("Transfer-Encoding: x, y, chunked", 501),
        ]
    )
    func refusesFraming(field: String, status: Int) {
        #expect(
            transcript("POST / HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n5\r\nhello\r\n0\r\n\r\n").refusal?.status
                == status
        )
    }

    @Test(
        "HTTP/1.0 knows no Transfer-Encoding",
        arguments: ["chunked", "gzip", "gzip, chunked", "chunked\r\nContent-Length: 5"]
    )
    func refusesCodingInOldVersion(value: String) {
        let text = "POST / HTTP/1.0\r\nTransfer-Encoding: \(value)\r\n\r\n0\r\n\r\n"

        #expect(transcript(text).refusal?.status == 400)
    }

    @Test(
        "A valid chunked body is decoded",
        arguments: [
            ("0\r\n\r\n", ""), ("00\r\n\r\n", ""), ("0000000000000000000000000\r\n\r\n", ""),
            ("5\r\nhello\r\n0\r\n\r\n", "hello"), ("05\r\nhello\r\n0\r\n\r\n", "hello"),
            ("0000000000000000000000005\r\nhello\r\n0\r\n\r\n", "hello"),
            ("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "hello"), ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
            ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"), ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
            ("5;a\r\nhello\r\n0\r\n\r\n", "hello"), ("5;a=b\r\nhello\r\n0\r\n\r\n", "hello"),
            ("5;a=b;c=d;e\r\nhello\r\n0\r\n\r\n", "hello"), ("5;a=\"b\"\r\nhello\r\n0\r\n\r\n", "hello"),
            ("5;a=\"\"\r\nhello\r\n0\r\n\r\n", "hello"), ("5;a=\"b;c=d\"\r\nhello\r\n0\r\n\r\n", "hello"),
            ("5;a=\"b\\\"c\"\r\nhello\r\n0\r\n\r\n", "hello"), ("5;a=\"\\\\\"\r\nhello\r\n0\r\n\r\n", "hello"),
            ("5;a=\"b c\td\"\r\nhello\r\n0\r\n\r\n", "hello"), ("5;a=\"\u{E9}\"\r\nhello\r\n0\r\n\r\n", "hello"),
            ("5;a=\"\\\u{E9}\\ \\\t\"\r\nhello\r\n0\r\n\r\n", "hello"), ("5 ;a\r\nhello\r\n0\r\n\r\n", "hello"),
            ("5\t;a\r\nhello\r\n0\r\n\r\n", "hello"), ("5; a\r\nhello\r\n0\r\n\r\n", "hello"),
            ("5 ; \t a \t = \t b\r\nhello\r\n0\r\n\r\n", "hello"), ("5;a =b\r\nhello\r\n0\r\n\r\n", "hello"),
            ("5;a= \"b\" ; c\r\nhello\r\n0\r\n\r\n", "hello"), ("5;a ;b\r\nhello\r\n0\r\n\r\n", "hello"),
            ("5;!#$%&'*+-.^_`|~=1\r\nhello\r\n0\r\n\r\n", "hello"), ("5;5=5\r\nhello\r\n0;a=b\r\n\r\n", "hello"),
            ("0;a\r\n\r\n", ""), ("0 ;a=\"0\\r\"\r\n\r\n", ""),
            ("5\r\nhello\r\n0\r\nX: a\r\n\r\n", "hello"), ("0\r\nX:\r\n\r\n", ""), ("0\r\nX: a\r\nY: b\r\n\r\n", ""),
            ("0\r\nContent-Length: 9\r\n\r\n", ""), ("0\r\nTransfer-Encoding: chunked\r\n\r\n", ""),
            ("0\r\nHost: b\r\nHost: c\r\n\r\n", ""), ("0\r\nX: \u{E9}\t \r\n\r\n", ""),
            ("0\r\nConnection: close\r\n\r\n", ""), ("0\r\nX:a:b::\r\n\r\n", ""),
        ]
    )
    func takesChunks(text: String, body: String) {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

        let read = transcript(head + text + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")

        #expect(read.refusal == nil)
        #expect(read.messages.map(\.body) == [bytes(body), []])
        #expect(read.messages.map(\.isComplete) == [true, true])
        #expect(read.messages.first?.keepsAlive == true)
    }

    @Test(
        "A malformed chunked body is refused",
        arguments: [
            "\r\n", ";a\r\n", " 5\r\nhello", "\t5\r\nhello", "g\r\n", "-5\r\nhello", "+5\r\nhello", "0x5\r\nhello",
            "5_0\r\n", "5.\r\n", "\"5\"\r\n", "5 \r\nhello", "5\t\r\nhello", "5  \r\nhello", "5 5\r\n", "5h\r\n",
            "5,\r\n",
            "5\nhello", "5\r hello", "5\rhello", "5\u{0}\r\n", "5\u{B}\r\n", "5\u{E9}\r\n", "5;\r\nhello",
            "5;;a\r\nhello",
            "5;a;\r\nhello", "5; \r\nhello", "5;=b\r\nhello", "5;a=\r\nhello", "5;a==b\r\nhello", "5;a=b=c\r\nhello",
            "5;a b\r\nhello", "5;a=b c\r\nhello", "5;a \r\nhello", "5;a=b \r\nhello", "5;a=\"b\" \r\nhello",
            "5;a=\"b\r\nhello", "5;a=\"b\"c\r\nhello", "5;a=b\"c\"\r\nhello", "5;\"a\"\r\nhello", "5;a=\"\\\r\nhello",
            "5;a=\"\u{1}\"\r\nhello", "5;a=\"\\\u{1}\"\r\nhello", "5;a=\"\u{7F}\"\r\nhello", "5;a=\"\n\"\r\nhello",
            "5;a\nhello", "5;a=b\nhello", "5;a\r\rhello", "5;a\rb\r\nhello", "5;a\u{0}\r\nhello", "5;a/b\r\nhello",
            "5;a=(b)\r\nhello", "5;\u{E9}\r\nhello", "5;a=\u{E9}\r\nhello", "5;a,b\r\nhello", "5:a\r\nhello",
            "5\r\nhelloX", "5\r\nhello\n", "5\r\nhello\rX", "5\r\nhello\r\r\n", "5\r\nhello0\r\n\r\n",
            "5\r\nhello!!\r\n",
            "5\r\nhello\r\n\r\n", "5\r\nhello\r\n 0\r\n\r\n", "3\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\nX: a\r\n\r\n",
            "10000000000000000\r\n", "FFFFFFFFFFFFFFFF\r\n", "8000000000000000\r\n", "FFFFFFFFFFFFFFFFFFFFF\r\n",
            "0\r\n\n", "0\n\r\n", "0\r\rX", "0\r\n\r\r", "0\r\n X: a\r\n\r\n", "0\r\nX: a\r\n b\r\n\r\n",
            "0\r\nX : a\r\n\r\n", "0\r\nX\r\n\r\n", "0\r\n: a\r\n\r\n", "0\r\nX: a\n\r\n", "0\r\nX: a\rb\r\n\r\n",
            "0\r\nX: \u{0}\r\n\r\n", "0\r\nX: \u{7F}\r\n\r\n", "0\r\nX y: a\r\n\r\n", "0\r\n\u{E9}: a\r\n\r\n",
            "0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "0\r\n\t\r\n\r\n",
        ]
    )
    func refusesChunks(text: String) {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

        #expect(transcript(head + text).refusal?.status == 400)
    }
}
