import Testing

@testable import EdgeRuntime

struct CallQueueTests {
    @Test func `calls leave in the order in which they came`() {
        var queue = CallQueue<Int>()
        for number in 0..<5 { _ = queue.append(number, limit: 8) }

        let left = (0..<6).map { _ in queue.popFirst() }

        #expect(left == [0, 1, 2, 3, 4, nil])
        #expect(queue.isEmpty)
    }

    @Test func `no more wait than the limit allows, and a place that is left can be taken again`() throws {
        var queue = CallQueue<Int>()
        let appended = queue.append(1, limit: 2)
        let first = try #require(appended)
        _ = queue.append(2, limit: 2)

        let refused = queue.append(3, limit: 2)
        let left = queue.remove(first)
        let taken = queue.append(4, limit: 2)
        let order = [queue.popFirst(), queue.popFirst()]

        #expect(refused == nil)
        #expect(left == 1)
        #expect(taken != nil)
        #expect(order == [2, 4])
    }

    @Test func `a place is left once`() throws {
        var queue = CallQueue<Int>()
        let appended = queue.append(1, limit: 1)
        let place = try #require(appended)

        let taken = queue.popFirst()
        let again = queue.remove(place)

        #expect(taken == 1)
        #expect(again == nil)
    }

    @Test func `against a plain array, with random arrivals and departures, every answer is the same`() {
        var random = SplitMix(state: 7)
        var queue = CallQueue<UInt64>()
        var model: [(place: CallQueue<UInt64>.Place, value: UInt64)] = []

        for step in 0..<20_000 {
            switch random.next() % 5 {
            case 0, 1:
                if let place = queue.append(UInt64(step), limit: 100) { model.append((place, UInt64(step))) }
            case 2:
                let first = queue.popFirst()
                #expect(first == (model.isEmpty ? nil : model.removeFirst().value))
            default:
                guard !model.isEmpty else { continue }
                let gone = model.remove(at: Int(random.next() % UInt64(model.count)))
                let left = queue.remove(gone.place)
                #expect(left == gone.value)
            }
            #expect(queue.count == model.count)
        }
    }
}

/// The same numbers in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
