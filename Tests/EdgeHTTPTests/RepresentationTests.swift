// Ranges and preconditions, by the tables of RFC 9110.
import CivilTime
import EdgeLoop
import Testing

@testable import EdgeHTTP

struct RepresentationTests {
    private let content: HTTPRepresentation

    init() throws {
        let date = try #require(Timestamp(httpDate: "Sat, 21 Nov 2026 10:00:30 GMT"))
        content = HTTPRepresentation(etag: "abc", lastModified: date + .milliseconds(400), count: 10)
    }

    @Test(
        "A range selects its bytes",
        arguments: [
            ("bytes=0-0", .part(0..<1)), ("bytes=0-9", .part(0..<10)), ("bytes=2-5", .part(2..<6)),
            ("bytes=2-", .part(2..<10)), ("bytes=9-", .part(9..<10)), ("bytes=-1", .part(9..<10)),
            ("bytes=-10", .part(0..<10)), ("bytes=-99", .part(0..<10)), ("bytes=5-99999999999999999999", .part(5..<10)),
            ("BYTES=2-5", .part(2..<6)), ("bytes= 2-5 ", .part(2..<6)), ("bytes=,2-5,", .part(2..<6)),
            ("bytes=10-", .unsatisfiable), ("bytes=10-20", .unsatisfiable), ("bytes=-0", .unsatisfiable),
            ("bytes=99999999999999999999-", .unsatisfiable), ("bytes=5-2", .whole), ("bytes=", .whole),
            ("bytes", .whole),
            ("bytes=a-b", .whole), ("bytes=-", .whole), ("bytes=1", .whole), ("bytes=1-2-3", .whole),
            ("bytes=+1-2", .whole),
            ("items=0-5", .whole), ("bytes=0-1,3-4", .whole), ("bytes=0x1-2", .whole), ("bytes 0-1", .whole),
        ] as [(String, HTTPRepresentation.Selection)]
    )
    func selects(range: String, selection: HTTPRepresentation.Selection) {
        #expect(content.select(method: "GET", headers: ["Range": range]) == selection)
        #expect(content.select(method: "HEAD", headers: ["Range": range]) == .whole)
    }

    @Test func `an empty body has no range`() {
        let empty = HTTPRepresentation(etag: "e", count: 0)

        #expect(empty.select(method: "GET", headers: ["Range": "bytes=0-"]) == .unsatisfiable)
        #expect(empty.select(method: "GET", headers: ["Range": "bytes=-1"]) == .unsatisfiable)
    }

    @Test(
        "A precondition decides",
        arguments: [
            (["If-None-Match": "\"abc\""], .notModified), (["If-None-Match": "W/\"abc\""], .notModified),
            (["If-None-Match": "*"], .notModified), (["If-None-Match": "\"x\", \"abc\""], .notModified),
            (["If-None-Match": "\"x,y\",W/\"abc\""], .notModified), (["If-None-Match": "\"x\""], .whole),
            (["If-None-Match": "abc"], .whole), (["If-None-Match": ""], .whole), (["If-None-Match": "\"ABC\""], .whole),
            (["If-Modified-Since": "Sat, 21 Nov 2026 10:00:30 GMT"], .notModified),
            (["If-Modified-Since": "Sat, 21 Nov 2026 10:00:29 GMT"], .whole), (["If-Modified-Since": "x"], .whole),
            (["If-None-Match": "\"x\"", "If-Modified-Since": "Sat, 21 Nov 2026 10:00:30 GMT"], .whole),
            (["If-Match": "\"abc\""], .whole), (["If-Match": "*"], .whole),
            (["If-Match": "\"x\""], .preconditionFailed),
            (["If-Match": "W/\"abc\""], .preconditionFailed),
            (["If-Unmodified-Since": "Sat, 21 Nov 2026 10:00:29 GMT"], .preconditionFailed),
            (["If-Unmodified-Since": "Sat, 21 Nov 2026 10:00:30 GMT"], .whole),
            (["If-Match": "\"abc\"", "If-Unmodified-Since": "Sat, 21 Nov 2026 10:00:29 GMT"], .whole),
            (["If-Match": "\"x\"", "If-None-Match": "\"abc\""], .preconditionFailed),
            (["Range": "bytes=0-1", "If-Range": "\"abc\""], .part(0..<2)),
            (["Range": "bytes=0-1", "If-Range": "\"x\""], .whole),
            (["Range": "bytes=0-1", "If-Range": "W/\"abc\""], .whole),
            (["Range": "bytes=0-1", "If-Range": "abc"], .whole),
            (["Range": "bytes=0-1", "If-Range": "Sat, 21 Nov 2026 10:00:30 GMT"], .part(0..<2)),
            (["Range": "bytes=0-1", "If-Range": "Sat, 21 Nov 2026 10:00:31 GMT"], .whole),
            (["Range": "bytes=0-1", "If-None-Match": "\"abc\""], .notModified), (["If-Range": "\"x\""], .whole),
        ] as [(HTTPHeaders, HTTPRepresentation.Selection)]
    )
    func decides(headers: HTTPHeaders, selection: HTTPRepresentation.Selection) {
        #expect(content.select(method: "GET", headers: headers) == selection)
    }

    @Test func `a change under If-None-Match is refused`() {
        #expect(content.select(method: "DELETE", headers: ["If-None-Match": "*"]) == .preconditionFailed)
    }

    @Test func `each selection has its fields`() {
        let answers = [.part(2..<6), .unsatisfiable, .notModified, .whole].map { selection in
            content.respond(to: selection, headers: ["Content-Type": "image/png", "Cache-Control": "immutable"]) {
                .bytes(Array(bytes("0123456789")[$0]))
            }
        }

        #expect(answers.map(\.status) == [206, 416, 304, 200])
        #expect(answers.map { $0.headers["content-range"] } == ["bytes 2-5/10", "bytes */10", nil, nil])
        #expect(answers.allSatisfy { $0.headers["etag"] == "\"abc\"" && $0.headers["cache-control"] == "immutable" })
        #expect(answers.map { $0.headers["content-type"] } == ["image/png", nil, nil, "image/png"])
        #expect(answers[3].headers["last-modified"] == "Sat, 21 Nov 2026 10:00:30 GMT")
    }
}
