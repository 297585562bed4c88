// Ids of traces (W3C Trace Context), for callers that began none.
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
        // No id may be all zeros.
        let (trace, rest, span) = (generator.next() | 1, generator.next(), generator.next() | 1)
        return "00-\(String(hexadecimal: trace))\(String(hexadecimal: rest))-\(String(hexadecimal: span))-01"
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
        self.init(unsafeUninitializedCapacity: 16) { digits in
            for index in 0..<16 {
                let digit = UInt8(truncatingIfNeeded: number >> UInt64(60 - 4 * index)) & 15
                digits[index] = digit < 10 ? 0x30 + digit : 0x57 + digit
            }
            return 16
        }
    }
}
