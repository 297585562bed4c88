import Digest
import Testing

@testable import Signatures

struct SignaturesTests {
    @Test func `HMAC is that of RFC 4231`() {
        let code = HMACSHA256.code(of: Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))

        #expect(code.map { Hex.text(of: $0) } == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test func `a point that is not on the curve is no key`() {
        #expect(PublicKey(p256X: [UInt8](repeating: 1, count: 32), y: [UInt8](repeating: 1, count: 32)) == nil)
        #expect(PublicKey(p256X: [], y: []) == nil)
        #expect(PublicKey(p256X: [UInt8](repeating: 0, count: 32), y: [UInt8](repeating: 0, count: 32)) == nil)
    }

    @Test func `an RSA key that is too short, too long or without an exponent is none`() {
        #expect(PublicKey(rsaModulus: [UInt8](repeating: 255, count: 128), exponent: [1, 0, 1]) == nil)
        #expect(PublicKey(rsaModulus: [UInt8](repeating: 255, count: 2048), exponent: [1, 0, 1]) == nil)
        #expect(PublicKey(rsaModulus: [UInt8](repeating: 255, count: 256), exponent: [1]) == nil)
        #expect(PublicKey(rsaModulus: [UInt8](repeating: 255, count: 256), exponent: []) == nil)
        #expect(PublicKey(rsaModulus: [UInt8](repeating: 255, count: 256), exponent: [1, 0, 1]) != nil)
    }
}
