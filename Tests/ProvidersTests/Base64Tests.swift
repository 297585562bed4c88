import Providers
import Testing

struct Base64Tests {
    @Test(
        "Bytes become the text of RFC 4648",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ]
    )
    func encodes(text: String, base64: String) {
        #expect(Base64.encode([UInt8](text.utf8)) == base64)
        #expect(Base64.decode(base64) == [UInt8](text.utf8))
    }

    @Test func `every byte survives`() {
        let bytes = [UInt8](0...255) + [255, 254]

        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
}
