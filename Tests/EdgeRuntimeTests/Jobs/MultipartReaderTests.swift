import Testing

@testable import EdgeRuntime

struct MultipartReaderTests {
    private static let body = Array(
        "ignored\r\n--xx\r\nContent-Type: image/png\r\nEdge-Result: {}\r\n\r\none\r\n-- two\r\n--xx\r\nContent-Type: image/jpeg\r\n\r\n\r\n--xx--\r\nrest"
            .utf8
    )

    @Test("Parts come out the same however the body is cut", arguments: 1...24)
    func parts(size: Int) throws {
        var reader = try #require(MultipartReader(contentType: "multipart/mixed; boundary=\"xx\""))
        var parts: [(type: String?, data: [UInt8], ended: Bool)] = []

        var rest = Self.body[...]
        while !rest.isEmpty {
            for event in try reader.take(Array(rest.prefix(size))) {
                switch event {
                case .part(let headers): parts.append((headers["content-type"], [], false))
                case .data(let bytes): parts[parts.count - 1].data += bytes
                case .end: parts[parts.count - 1].ended = true
                }
            }
            rest = rest.dropFirst(size)
        }

        #expect(parts.map(\.type) == ["image/png", "image/jpeg"])
        #expect(parts.map { String(decoding: $0.data, as: UTF8.self) } == ["one\r\n-- two", ""])
        #expect(!parts.contains { !$0.ended })
        #expect(reader.isComplete)
    }

    @Test func `a body that stops early is not complete`() throws {
        var reader = try #require(MultipartReader(contentType: "multipart/mixed; boundary=xx"))

        _ = try reader.take(Self.body.dropLast(14))

        #expect(!reader.isComplete)
    }

    @Test(
        "Other types are no multipart",
        arguments: ["image/png", "multipart/form-data; boundary=x", "multipart/mixed", "multipart/mixed; boundary="]
    )
    func refused(type: String) {
        #expect(MultipartReader(contentType: type) == nil)
    }
}
