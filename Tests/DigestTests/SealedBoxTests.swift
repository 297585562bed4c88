import Testing

@testable import Digest

struct SealedBoxTests {
    private let key = Array(UInt8(1)...32)
    private let text = Array("a token".utf8)

    @Test func `a box opens with its key and context, and each box of a text is another one`() {
        let box = SealedBox.seal(text, key: key, context: Array("me".utf8))

        #expect(SealedBox.open(box, key: key, context: Array("me".utf8)) == text)
        #expect(SealedBox.seal(text, key: key, context: Array("me".utf8)) != box)
        #expect(SealedBox.open(SealedBox.seal([], key: key, context: []), key: key, context: []) == [])
    }

    @Test func `another key, another context, a changed or a cut box opens for nobody`() {
        let box = SealedBox.seal(text, key: key, context: Array("me".utf8))
        var other = key
        other[31] ^= 1

        #expect(SealedBox.open(box, key: other, context: Array("me".utf8)) == nil)
        #expect(SealedBox.open(box, key: key, context: Array("you".utf8)) == nil)
        for index in box.indices {
            var changed = box
            changed[index] ^= 1
            #expect(SealedBox.open(changed, key: key, context: Array("me".utf8)) == nil)
            #expect(SealedBox.open(Array(box[..<index]), key: key, context: Array("me".utf8)) == nil)
        }
    }

    @Test func `a key is read as hexadecimal and as base64 of either alphabet, with padding or without`() {
        let bytes = [UInt8](repeating: 0xfb, count: 31) + [0xff]
        let base64 = "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/8="
        let forms = [
            Hex.text(of: bytes), Hex.text(of: bytes).uppercased(), base64, String(base64.dropLast()),
            String(base64.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }),
        ]

        for form in forms { #expect(KeyText.bytes(of: form, count: 32) == bytes, "\(form)") }
    }

    @Test(
        "What is no key of 32 bytes is none",
        arguments: [
            "", "=", "abc", "+/v7", String(repeating: "g", count: 64), String(repeating: "A", count: 44), "A====",
        ]
    )
    func refused(text: String) {
        #expect(KeyText.bytes(of: text, count: 32) == nil)
    }
}
