import Glibc
import Testing

@testable import Digest

struct DigestTests {
    private let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    private let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test func `the digests of known inputs are the published ones`() {
        #expect(SHA256.hex(of: "abc") == abc)
        #expect(SHA256.hex(of: Array("abc".utf8)) == abc)
        #expect(SHA256.hex(of: [UInt8]()) == nothing)
        #expect(SHA256.hex(of: UnsafeRawBufferPointer(start: nil, count: 0)) == nothing)
        #expect(SHA256.digest(of: Array("abc".utf8)).prefix(2) == [0xba, 0x78])
    }

    @Test func `pieces give the digest of the whole, and a copy goes on by itself`() {
        var hash = SHA256()
        hash.update("a")

        var copy = hash
        hash.update(Array("bc".utf8))
        copy.update("x")

        #expect(hash.finishHex() == abc)
        #expect(copy.finishHex() == SHA256.hex(of: "ax"))
    }

    @Test func `whatever the pieces, the digest is that of single bytes`() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 7) }
        for sizes in [[1, 127, 128, 200], [64, 64, 192, 5], [130, 1, 63, 320], [999], [1000]] {
            var single = SHA256()
            var pieces = SHA256()
            var start = 0
            for size in sizes + [1000 - sizes.reduce(0, +)] {
                pieces.update(Array(bytes[start..<start + size]))
                start += size
            }
            for byte in bytes { single.update([byte]) }

            #expect(pieces.finishHex() == single.finishHex())
        }
    }

    @Test func `a file is hashed from its start whatever its position`() throws {
        let file = try #require(tmpfile())
        defer { fclose(file) }
        let bytes = [UInt8](repeating: 7, count: 200_000)
        #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
        fflush(file)

        let digest = try SHA256.hex(ofFile: fileno(file))

        #expect(digest.hex == SHA256.hex(of: bytes))
        #expect(digest.bytes == 200_000)
    }

    @Test func `a file that cannot be read is an error that says why`() {
        let error = #expect(throws: FileDigestError.self) { try SHA256.hex(ofFile: -1) }
        #expect(error?.description == "could not read the file: Bad file descriptor")
    }

    @Test func `bytes and numbers are lower-case hexadecimal, whole or in part`() {
        let text = String(unsafeUninitializedCapacity: 21) { text in
            Hex.write(0x0123_4567_89ab_cdef, to: text, at: 0)
            Hex.write(0xffff_0a0b, digits: 5, to: text, at: 16)
            return 21
        }

        #expect(Hex.text(of: [0x00, 0x0f, 0xa9, 0xff]) == "000fa9ff")
        #expect(text == "0123456789abcdeff0a0b")
        let digits = Array(text.utf8)
        #expect(digits[..<16].withUnsafeBufferPointer { Hex.number($0) } == 0x0123_4567_89ab_cdef)
    }

    @Test func `random bytes are as many as asked for and differ`() {
        #expect(randomBytes(0).isEmpty)
        #expect(randomBytes(32).count == 32)
        #expect(randomBytes(32) != randomBytes(32))
    }

    @Test func `equality in constant time is equality`() {
        #expect(equalInConstantTime("secret", "secret"))
        #expect(!equalInConstantTime("secret", "secreT"))
        #expect(!equalInConstantTime("secret", "secrets"))
        #expect(equalInConstantTime([UInt8](), []))
    }
}
