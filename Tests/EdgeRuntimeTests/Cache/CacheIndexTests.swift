import CivilTime
import Digest
import Testing

@testable import EdgeRuntime

struct CacheIndexTests {
    private func key(_ number: Int) throws -> CacheKey { try #require(CacheKey(SHA256.hex(of: "\(number)"))) }

    private func entry(_ number: Int, bytes: Int = 10, expires: Int64 = 1000) throws -> CacheIndex.Entry {
        CacheIndex.Entry(
            key: try key(number),
            made: Timestamp(milliseconds: 0),
            expires: Timestamp(milliseconds: expires),
            imageBytes: bytes,
            touched: Timestamp(milliseconds: 0)
        )
    }

    private func drain(_ index: inout CacheIndex) -> [CacheKey] {
        var keys: [CacheKey] = []
        while let oldest = index.oldest {
            keys.append(oldest)
            index.remove(oldest)
        }
        return keys
    }

    @Test func `the one not used for longest is the oldest`() throws {
        var index = CacheIndex()
        for number in 0..<6 { index.insert(try entry(number)) }

        index.use(try key(0))
        index.use(try key(3))
        index.insert(try entry(1, bytes: 50))
        index.remove(try key(4))

        #expect(index.count == 5 && index.imageBytes == 90)
        #expect(drain(&index) == (try [2, 5, 0, 3, 1].map { try key($0) }))
        #expect(index.count == 0 && index.imageBytes == 0)
    }

    @Test func `places of removed entries are used again`() throws {
        var index = CacheIndex()
        for round in 0..<5 {
            for number in 0..<20 { index.insert(try entry(round * 20 + number)) }
            #expect(drain(&index).count == 20)
        }
        index.insert(try entry(7))
        #expect(index.oldest == (try key(7)))
    }

    @Test func `too old are those whose time has come`() throws {
        var index = CacheIndex()
        index.insert(try entry(1, expires: 5))
        index.insert(try entry(2, expires: 6))

        #expect(index.keys { $0.expires <= Timestamp(milliseconds: 5) } == [try key(1)])
    }

    @Test func `a key survives being a number`() throws {
        let text = SHA256.hex(of: "x")

        let key = try #require(CacheKey(text))

        #expect(key.text == text)
        #expect(key.path == "\(text.prefix(2))/\(text.dropFirst(2)).json")
        for bad in ["", "x", text.uppercased(), text + "0", "../\(text.dropFirst(3))"] { #expect(CacheKey(bad) == nil) }
    }
}
