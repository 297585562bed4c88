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
        return UUIDSequence.text(of: bytes)
    }

    /// 16 bytes as a UUID's text; their version and variant are the caller's affair.
    package static func text(of bytes: [UInt8]) -> String { UUIDSequence.text(of: bytes) }

    /// Whether the text is a UUID of versions 1 to 8 in lower case, as ``version7()`` writes it. Safe to use in a path.
    package static func isValid(_ text: some StringProtocol) -> Bool {
        var index = 0
        for byte in text.utf8 {
            switch index {
            case 8, 13, 18, 23: guard byte == 45 else { return false }
            case 14: guard (49...56).contains(byte) else { return false }  // version: 1 to 8
            case 19: guard byte == 56 || byte == 57 || byte == 97 || byte == 98 else { return false }  // variant
            case 36...: return false
            default: guard (48...57).contains(byte) || (97...102).contains(byte) else { return false }
            }
            index += 1
        }
        return index == 36
    }
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
        var bytes = Array(random[..<8])
        bytes[0] = 0x80 | bytes[0] & 0x3f
        var head = (0..<6).map { UInt8(truncatingIfNeeded: milliseconds >> UInt64(40 - 8 * $0)) }
        head.append(0x70 | UInt8(counter >> 8))
        head.append(UInt8(truncatingIfNeeded: counter))
        return Self.text(of: head + bytes)
    }

    static func text(of bytes: [UInt8]) -> String {
        let hex = Array(Hex.text(of: bytes).utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, digit) in hex.enumerated() {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append(45) }
            text.append(digit)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
