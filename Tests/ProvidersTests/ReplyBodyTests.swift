import JSON
import Testing

@testable import Providers

struct ReplyBodyTests {
    /// Every byte value, more of them than stay inside the JSON.
    private static let picture = (0..<6000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
    private static let base64 = encode(picture)

    private func read(_ pieces: [[UInt8]]) throws -> ProviderReply {
        var body = ReplyBody()
        for piece in pieces { try piece.withBytes { (bytes) throws(SpoolError) in try body.take(bytes) } }
        return ProviderReply(status: 200, headers: [], body.parts)
    }

    private func read(_ text: String) throws -> ProviderReply { try read([Array(text.utf8)]) }

    @Test func `a picture is taken out wherever its JSON is cut`() throws {
        let escaped = Self.base64.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "\\/")
        let text = " {\"a\":\"x\\\"y\\\\\",\"b64\":\"data:image\\/png;base64,\(escaped)\",\"n\":[1,\"AAAA\"]}"
        let bytes = Array(text.utf8)
        var cuts = Set(0..<140)
        cuts.formUnion(stride(from: 140, to: bytes.count, by: 397))
        cuts.formUnion(bytes.count - 40..<bytes.count)

        for cut in cuts {
            let reply = try read([Array(bytes[..<cut]), Array(bytes[cut...])])

            let json = try #require(reply.json, "cut at \(cut)")
            #expect(reply.body.count < 200)
            #expect(json["a"] == "x\"y\\" && json["n"] == [1, "AAAA"])
            #expect(reply.result(inBase64: json["b64"]?.string ?? "")?.bytes == Self.picture, "cut at \(cut)")
        }
    }

    @Test func `a picture that comes byte by byte is the same`() throws {
        let reply = try read(Array("{\"b\":\"\(Self.base64)\"}".utf8).map { [$0] })

        #expect(reply.result(inBase64: reply.json?["b"]?.string ?? "")?.bytes == Self.picture)
    }

    @Test func `characters written as numbers are understood`() throws {
        let text = Self.base64.split(separator: "+", omittingEmptySubsequences: false).joined(separator: "\\u002B")
        let reply = try read(#"{"b":"\#(text)"}"#)

        #expect(reply.result(inBase64: reply.json?["b"]?.string ?? "")?.bytes == Self.picture)
    }

    @Test(
        "Damaged base64 is never a picture",
        arguments: ["!", "=", "\\n", "\\\"", "é", "A", "AB=", "A===", "AB==A", "\\u0041="]
    )
    func refusesDamage(end: String) throws {
        let whole = Self.encode(Array(Self.picture.prefix(5400)))
        let reply = try read(#"{"b":"\#(whole)\#(end)","after":"\#(Self.base64)"}"#)

        let json = try #require(reply.json)
        #expect(reply.result(inBase64: json["b"]?.string ?? "") == nil)
        #expect(reply.result(inBase64: json["after"]?.string ?? "")?.bytes == Self.picture)
    }

    @Test func `bits behind the last byte are damage`() throws {
        let reply = try read(#"{"b":"\#(String(repeating: "AAAA", count: 2000))AB=="}"#)

        #expect(reply.result(inBase64: reply.json?["b"]?.string ?? "") == nil)
    }

    @Test(
        "Other strings stay as they are",
        arguments: [
            "", "data:", "data:image/png;base64,AAAA", "a sentence with, \"marks\" and \\ in it", "https://a/b.png?x=1",
            String(repeating: "word ", count: 3000), "data:" + String(repeating: "x", count: 300) + ";base64,AAAA",
        ]
    )
    func keepsText(text: String) throws {
        let json = JSONValue.object(["t": .string(text), "u": .string(text)])

        #expect(try read(json.text()).json == json)
        #expect(try read(json.encoded().map { [$0] }).json == json)
    }

    @Test func `a short base64 is decoded from where it stands`() throws {
        let reply = try read(#"{"b":"AQID","d":"data:image/png;base64,AQID","x":"AQI"}"#)

        #expect(reply.result(inBase64: reply.json?["b"]?.string ?? "")?.bytes == [1, 2, 3])
        #expect(reply.result(inBase64: reply.json?["d"]?.string ?? "")?.bytes == [1, 2, 3])
        #expect(reply.result(inBase64: reply.json?["x"]?.string ?? "") == nil)
        #expect(reply.result(inBase64: JSONTap.mark(0)) == nil)
    }

    @Test func `JSON that ends inside a picture is no JSON`() throws {
        #expect(try read(#"{"b":"\#(Self.base64)"#).json == nil)
    }

    @Test func `JSON that is large without its pictures is refused`() {
        #expect(throws: SpoolError.tooLarge) {
            try read(
                [Array("[\"".utf8)] + Array(repeating: Array(String(repeating: "a b ", count: 1 << 18).utf8), count: 5)
            )
        }
    }

    @Test func `pictures beyond the most are not kept`() throws {
        let reply = try read("[" + Array(repeating: "\"\(Self.base64)\"", count: 17).joined(separator: ",") + "]")

        let list = reply.json?.array ?? []
        #expect(list.count == 17)
        #expect(list.filter { reply.result(inBase64: $0.string ?? "") != nil }.count == JSONTap.picturesMax)
    }

    @Test("A body that is not JSON is the result", arguments: [0, 1, 4096, 262_144, 262_145, 700_000])
    func keepsResult(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 | 1) }
        let pieces = stride(from: 0, to: count, by: 50_000).map { Array(bytes[$0..<min($0 + 50_000, count)]) }

        let reply = try read(pieces)

        #expect(reply.result.count == count)
        #expect(reply.result.bytes == bytes)
        #expect((reply.result.file == nil) == (count <= Spool.heldBytesMax))
        #expect(reply.body == (count <= Spool.heldBytesMax ? bytes : Array(bytes.prefix(Spool.headBytesMax))))
        #expect(reply.result == ResultBytes(bytes))
    }

    @Test func `a large picture inside JSON is in a file`() throws {
        let bytes = (0..<600_000).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 9) }

        let reply = try read(#"{"data":[{"b64_json":"\#(Self.encode(bytes))"}]}"#)

        let result = reply.result(inBase64: reply.json?["data"]?.array?.first?["b64_json"]?.string ?? "")
        #expect(result?.file != nil)
        #expect(result?.bytes == bytes)
    }

    private static func encode(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = Array(bytes[start..<min(start + 3, bytes.count)])
            let word = (group + [0, 0]).prefix(3).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            for place in 0..<4 {
                text.append(place <= group.count ? alphabet[Int(word >> (18 - 6 * place) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
