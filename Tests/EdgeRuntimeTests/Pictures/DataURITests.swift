import Digest
import JSON
import Testing

@testable import EdgeRuntime

struct DataURITests {
    private func bytes(_ text: String) -> [UInt8]? { try? DataURI.bytes(of: text) }

    @Test("base64 is read as it is written", arguments: 0..<20)
    func readsWhatItWrites(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 83 &+ 200) }
        let text = String(decoding: Base64Text.encode(bytes), as: UTF8.self)

        #expect(text.utf8.count == Base64Text.length(of: count))
        if count > 0 { #expect(self.bytes("data:image/png;base64,\(text)") == bytes) }
    }

    @Test(
        "the vectors of RFC 4648",
        arguments: [("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
    )
    func followsTheStandard(plain: String, coded: String) {
        #expect(Base64Text.encode(Array(plain.utf8)) == Array(coded.utf8))
        #expect(bytes("data:;base64,\(coded)") == Array(plain.utf8))
    }

    @Test(
        "what is not exactly base64 is refused",
        arguments: [
            "data:image/png;base64,Zg=", "data:image/png;base64,Zg", "data:image/png;base64,Zh==",
            "data:image/png;base64,Zm9v\n", "data:image/png;base64,Zm 9", "data:image/png;base64,====",
            "data:image/png;base64,Zg==Zg==", "data:image/png;base64,", "data:image/png,Zm9v", "data:Zm9v",
            "data:image/png;base64;charset=utf-8,Zm9v", "data:image/png;base64,Zm-_",
        ]
    )
    func refuses(text: String) {
        #expect(bytes(text) == nil)
    }

    @Test(
        "an image of this host is told by its URL or path",
        arguments: [
            ("http://h:1/images/a.png", "a.png"), ("/images/a.png", "a.png"), ("http://h:2/images/a.png", nil),
            ("http://h:1.evil.example/images/a.png", nil), ("images/a.png", nil), ("http://h:1images/a.png", nil),
        ] as [(String, String?)]
    )
    func knowsOwnImages(text: String, name: String?) {
        #expect(RequestPictures.ownImage(text, base: "http://h:1").map { String($0) } == name)
    }

    @Test(
        "only whole numbers and truths of JSON are more than text",
        arguments: [
            ("7", .integer(7)), ("-0.5", .double(-0.5)), ("true", true), ("false", false), ("null", "null"),
            ("007", "007"), (" 7", " 7"), ("7 ", "7 "), ("[1]", "[1]"), ("\"a\"", "\"a\""), ("", ""),
            ("1e400", "1e400"),
        ] as [(String, JSONValue)]
    )
    func typesTexts(text: String, value: JSONValue) {
        #expect(RequestPictures.value(text) == value)
    }
}
