// Ids for jobs and attempts: UUID version 7 as text, which sorts by the time it was made.
internal import Glibc
internal import Synchronization

package enum UUIDText {
    private static let sequence = Mutex(UUIDSequence())

    /// A new id such as `019a8e5c-4f2b-7c31-9f0e-2b1c5d8a7e64`: lower case, RFC 9562 version 7. Every id of this process sorts
    /// after the ids it made before, even when the wall clock is set back.
    package static func version7() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let now = UInt64(max(0, time.tv_sec)) * 1000 + UInt64(time.tv_nsec) / 1_000_000
        let random = randomBytes(10)
        return sequence.withLock { $0.next(milliseconds: now, random: random) }
    }

    /// A random id, RFC 9562 version 4: what providers want that take an id of ours (Runware's taskUUID).
    package static func version4() -> String {
        var bytes = randomBytes(16)
        bytes[6] = 0x40 | bytes[6] & 0x0f
        bytes[8] = 0x80 | bytes[8] & 0x3f
        return text(of: bytes)
    }

    /// 16 bytes as a UUID's text; their version and variant are the caller's affair.
    package static func text(of bytes: [UInt8]) -> String { text(of: word(bytes[..<8]), word(bytes[8..<16])) }

    /// 128 bits as a UUID's text.
    package static func text(of high: UInt64, _ low: UInt64) -> String {
        String(unsafeUninitializedCapacity: length) { text in
            Hex.write(high >> 32, digits: 8, to: text, at: 0)
            Hex.write(high >> 16, digits: 4, to: text, at: 9)
            Hex.write(high, digits: 4, to: text, at: 14)
            Hex.write(low >> 48, digits: 4, to: text, at: 19)
            Hex.write(low, digits: 12, to: text, at: 24)
            (text[8], text[13], text[18], text[23]) = (45, 45, 45, 45)
            return length
        }
    }

    /// The 128 bits of a UUID of versions 1 to 8 in lower case, as ``version7()`` writes it; nil for any other text. One that has them is
    /// safe to use in a path.
    package static func words(of text: String) -> (high: UInt64, low: UInt64)? {
        var text = text
        return text.withUTF8 { text in
            guard text.count == length else { return nil }
            var words = (high: UInt64(0), low: UInt64(0))
            for (index, byte) in text.enumerated() {
                switch index {
                case 8, 13, 18, 23:
                    guard byte == 45 else { return nil }
                    continue
                case 14: guard (49...56).contains(byte) else { return nil }  // version: 1 to 8
                case 19: guard byte == 56 || byte == 57 || byte == 97 || byte == 98 else { return nil }  // variant
                default: guard (48...57).contains(byte) || (97...102).contains(byte) else { return nil }
                }
                words.high = words.high << 4 | words.low >> 60
                words.low = words.low << 4 | UInt64(byte < 58 ? byte &- 48 : byte &- 87)
            }
            return words
        }
    }

    /// Whether ``words(of:)`` has an answer.
    package static func isValid(_ text: String) -> Bool { words(of: text) != nil }

    private static let length = 36

    static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}

/// Makes ids that rise: within a millisecond a 12-bit counter grows from a random start, and past its end the time does.
struct UUIDSequence {
    private var milliseconds: UInt64 = 0
    private var counter: UInt16 = 0

    mutating func next(milliseconds now: UInt64, random: [UInt8]) -> String {
        precondition(random.count >= 10)
        if now > milliseconds {
            milliseconds = now
            counter = (UInt16(random[8]) << 8 | UInt16(random[9])) & 0x7ff  // the upper half stays free to count in
        } else if counter < 0xfff {
            counter += 1
        } else {
            milliseconds += 1
            counter = 0
        }
        let rest = UUIDText.word(random[..<8]) & (1 << 62 - 1)
        return UUIDText.text(of: milliseconds << 16 | 7 << 12 | UInt64(counter), 1 << 63 | rest)
    }
}
