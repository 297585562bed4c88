// Fields are told apart by their bytes, without case.
import Testing

@testable import EdgeHTTP

struct HeadersTests {
    private let headers: HTTPHeaders = [
        "Host": "a", "Connection": "close, X-Own", "x-own": "1", "TE": "trailers", "Edge-Tier": "gold", "edge": "kept",
        "Accept": "text/html", "accept": "image/png",
    ]

    @Test func `what belongs to the connection goes, with what Connection names and what else was chosen`() {
        var rest = headers

        rest.removeHopByHop(and: HTTPFieldNames(["accept"], beginnings: ["edge-"]))

        #expect(rest.map(\.name) == ["Host", "edge"])
    }

    @Test func `names compare without case, and lines of one name are joined`() {
        #expect(headers["ACCEPT"] == "text/html, image/png")
        #expect(headers.values("accept") == ["text/html", "image/png"])
        #expect(headers["accep"] == nil)
        #expect(headers.contains("hOST"))
        #expect(headers.hasMember("x-OWN", in: "connection"))
        #expect(!headers.hasMember("own", in: "connection"))
    }

    @Test func `a copy that changes leaves the original as it was`() {
        var copy = headers
        copy.reserve(lines: 4, bytes: 100)
        copy["Accept"] = "a/b"
        copy.remove("missing")

        #expect(copy.values("accept") == ["a/b"])
        #expect(headers.count == 8)
        #expect(headers.values("accept").count == 2)
    }

    @Test func `no value can begin another line`() {
        #expect(HTTPHeaders(dictionaryLiteral: ("A", "b\r\nSet-Cookie: c\u{7f}"))["a"] == "b  Set-Cookie: c ")
    }
}
