import Testing

@testable import EdgeRuntime

struct RecallTests {
    @Test func `a value comes back for the same bytes, and for no others`() {
        var recall = Recall<Int>()
        recall.insert(key: Array("a\nb".utf8), value: 1, cacheKey: "k", valueBytes: 0)

        #expect(lookup("a\nb", &recall) == 1)
        #expect(lookup("a\nc", &recall) == nil)
        #expect(lookup("a\n", &recall) == nil)
    }

    @Test func `the entry that was not used for the longest time goes first`() {
        var recall = Recall<Int>(entriesMax: 2)
        recall.insert(key: [1], value: 1, cacheKey: "1", valueBytes: 0)
        recall.insert(key: [2], value: 2, cacheKey: "2", valueBytes: 0)
        _ = [UInt8(1)].withUnsafeBytes { recall.lookup($0) }

        recall.insert(key: [3], value: 3, cacheKey: "3", valueBytes: 0)

        #expect([UInt8(1)].withUnsafeBytes { recall.lookup($0) } == 1)
        #expect([UInt8(2)].withUnsafeBytes { recall.lookup($0) } == nil)
        #expect(recall.count == 2)
    }

    @Test func `bytes of keys and values stay below their limit`() {
        var recall = Recall<Int>(bytesMax: 100)
        for number in 0..<50 { recall.insert(key: [UInt8(number)], value: number, cacheKey: "k", valueBytes: 20) }

        #expect(recall.bytes <= 100)
        #expect(recall.count == 4)
    }

    @Test func `what came from one cache key is forgotten together`() {
        var recall = Recall<Int>()
        recall.insert(key: [1], value: 1, cacheKey: "x", valueBytes: 5)
        recall.insert(key: [2], value: 2, cacheKey: "y", valueBytes: 5)

        recall.forget(cacheKey: "x")

        #expect(recall.count == 1)
        #expect(recall.bytes == 6)
        recall.forgetAll()
        #expect(recall.bytes == 0)
    }

    private func lookup(_ text: String, _ recall: inout Recall<Int>) -> Int? {
        Array(text.utf8).withUnsafeBytes { recall.lookup($0) }
    }
}
