// Trace ids: well formed, and unlike each other.
import EdgeLoop
import TestSupport
import Testing

@testable import EdgeRuntime

struct TraceIDsTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `a traceparent has version, trace, span and the sampled flag`() throws {
        let parts = TraceIDs().parent().split(separator: "-")

        #expect(parts.map(\.count) == [2, 32, 16, 2])
        #expect(parts.joined().allSatisfy { $0.isHexDigit && !$0.isUppercase })
        #expect(parts.first == "00")
        #expect(parts.last == "01")
    }

    @Test @LoopActor func `no two are alike, of one host or of two`() {
        let (one, other) = (TraceIDs(), TraceIDs())

        let all = (0..<1000).flatMap { _ in [one.parent(), other.parent()] }

        #expect(Set(all).count == all.count)
    }

    @Test(arguments: [(0, "0000000000000000"), (0xfeed_0000_0000_00a1, "feed0000000000a1")] as [(UInt64, String)])
    func writesHexadecimal(number: UInt64, text: String) { #expect(String(hexadecimal: number) == text) }

    /// The published algorithm with the state 1, 2, 3, 4.
    @Test func `the generator is xoshiro256**`() {
        var state = [1, 2, 3, 4] as [UInt64]
        var source = AnyGenerator { state.removeFirst() }
        var generator = SeededGenerator(from: &source)

        let numbers = (0..<4).map { _ in generator.next() }

        #expect(numbers == [11520, 0, 1_509_978_240, 1_215_971_899_390_074_240])
    }
}

private struct AnyGenerator: RandomNumberGenerator {
    let body: () -> UInt64

    mutating func next() -> UInt64 { body() }
}
