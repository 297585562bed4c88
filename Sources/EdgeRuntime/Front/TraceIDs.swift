// Ids of traces (W3C Trace Context), for callers that began none.
internal import Digest
internal import EdgeLoop

/// Draws ids that differ. They are no secrets, so one seed from the system serves for all: asking it each time costs a system call.
@LoopActor
final class TraceIDs {
    private var generator: SeededGenerator

    init() {
        var system = SystemRandomNumberGenerator()
        generator = SeededGenerator(from: &system)
    }

    /// A new `traceparent`, version 00, sampled.
    func parent() -> String {
        let ids = (generator.next() | 1, generator.next(), generator.next() | 1)  // none may be all zeros
        return String(unsafeUninitializedCapacity: 55) { text in
            _ = text.initialize(fromContentsOf: "00-................................-................-01".utf8)
            Hex.write(ids.0, to: text, at: 3)
            Hex.write(ids.1, to: text, at: 19)
            Hex.write(ids.2, to: text, at: 36)
            return 55
        }
    }
}

/// xoshiro256**, by Blackman and Vigna: 256 bits of state, so two hosts never walk the same way.
struct SeededGenerator: RandomNumberGenerator {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    init(from source: inout some RandomNumberGenerator) {
        state = (source.next() | 1, source.next(), source.next(), source.next())
    }

    mutating func next() -> UInt64 {
        let result = Self.rotated(state.1 &* 5, by: 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = Self.rotated(state.3, by: 45)
        return result
    }

    private static func rotated(_ word: UInt64, by count: UInt64) -> UInt64 { word << count | word >> (64 - count) }
}

extension String {
    /// 16 digits, with zeros in front.
    init(hexadecimal number: UInt64) {
        self.init(unsafeUninitializedCapacity: 16) { text in
            Hex.write(number, to: text, at: 0)
            return 16
        }
    }
}
