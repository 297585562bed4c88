import Testing

@testable import EdgeRuntime

struct RecallTests {
    private func key(_ number: Int, bytes: Int = 8) -> [UInt8] {
        Array("\(number)".utf8) + [UInt8](repeating: 46, count: max(0, bytes - "\(number)".utf8.count))
    }

    private func ask(_ recall: inout Recall<Int>, _ key: [UInt8]) -> Int? {
        key.withUnsafeBytes { recall.lookup($0) }
    }

    private func fill(_ recall: inout Recall<Int>, _ numbers: Range<Int>, keyBytes: Int = 8, valueBytes: Int = 0) {
        for number in numbers {
            recall.insert(
                key: key(number, bytes: keyBytes),
                value: number,
                cacheKey: "c\(number)",
                valueBytes: valueBytes
            )
        }
    }

    @Test func `only the same bytes bring an answer back`() {
        var recall = Recall<Int>()
        fill(&recall, 0..<100)

        #expect((0..<100).allSatisfy { ask(&recall, key($0)) == $0 })
        #expect(ask(&recall, key(1) + [46]) == nil)
        #expect(ask(&recall, []) == nil)
    }

    @Test func `a newer answer takes the older one's place`() {
        var recall = Recall<Int>()
        recall.insert(key: key(1), value: 1, cacheKey: "a", valueBytes: 10)

        recall.insert(key: key(1), value: 2, cacheKey: "b", valueBytes: 20)

        #expect(ask(&recall, key(1)) == 2)
        #expect(recall.count == 1 && recall.valueBytes == 20 && recall.keyBytes == 8)
    }

    @Test func `beyond its entries the ones not asked for go`() {
        var recall = Recall<Int>(entriesMax: 100)
        fill(&recall, 0..<100)
        for number in 0..<10 { _ = ask(&recall, key(number)) }

        fill(&recall, 100..<190)

        #expect(recall.count == 100)
        #expect((0..<10).allSatisfy { ask(&recall, key($0)) == $0 })
        #expect((10..<100).allSatisfy { ask(&recall, key($0)) == nil })
        #expect((100..<190).allSatisfy { ask(&recall, key($0)) == $0 })
    }

    @Test func `keys and values have a largest weight`() {
        var recall = Recall<Int>(entriesMax: 1000, keyBytesMax: 8000, valueBytesMax: 16_000)

        fill(&recall, 0..<500, keyBytes: 100, valueBytes: 10)
        #expect(recall.count == 80 && recall.keyBytes == 8000)
        fill(&recall, 500..<600, keyBytes: 8, valueBytes: 2000)
        #expect(recall.valueBytes <= 16_000)
        fill(&recall, 600..<601, keyBytes: 1001)
        #expect(ask(&recall, key(600, bytes: 1001)) == nil)
        fill(&recall, 601..<602, valueBytes: 2001)
        #expect(ask(&recall, key(601)) == nil)
    }

    @Test func `what came from one cache entry is forgotten at once`() {
        var recall = Recall<Int>()
        for number in 0..<30 {
            recall.insert(key: key(number), value: number, cacheKey: number % 3 == 0 ? "gone" : "stays", valueBytes: 1)
        }

        recall.forget(cacheKey: "gone")

        #expect(recall.count == 20 && recall.valueBytes == 20 && recall.keyBytes == 160)
        #expect((0..<30).allSatisfy { ask(&recall, key($0)) == ($0 % 3 == 0 ? nil : $0) })
        recall.forgetAll()
        #expect(recall.count == 0 && recall.keyBytes == 0 && ask(&recall, key(1)) == nil)
    }

    @Test func `ten thousand changes leave every count right`() {
        var recall = Recall<Int>(entriesMax: 50, keyBytesMax: 4000, valueBytesMax: 4000)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<10_000 {
            let number = Int.random(in: 0..<200, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0: recall.forget(cacheKey: "c\(number)")
            case 1...4: fill(&recall, number..<number + 1, keyBytes: 3 + number % 90, valueBytes: number)
            default:
                let answer = ask(&recall, key(number, bytes: 3 + number % 90))
                #expect(answer == nil || answer == number)
            }
            #expect(recall.count <= 50 && recall.keyBytes <= 4000 && recall.valueBytes <= 4000)
        }
        for number in 0..<200 { recall.forget(cacheKey: "c\(number)") }
        #expect(recall.count == 0 && recall.keyBytes == 0 && recall.valueBytes == 0)
    }
}
