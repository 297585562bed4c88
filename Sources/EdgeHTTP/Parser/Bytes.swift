// Reading raw bytes: comparisons without case, and the scan for the end of a field value.

typealias Bytes = UnsafeRawBufferPointer

extension UnsafeRawBufferPointer {
    /// The part of the buffer in `range`, which must lie inside it.
    @inline(__always)
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[range])
    }

    /// Whether the bytes are exactly `text`.
    @inline(__always)
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count where self[index] != text.utf8Start[index] { return false }
        return true
    }

    /// Whether the bytes are `text`, which is in lower case, in any mix of case.
    @inline(__always)
    func equalsLowercase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count where Byte.lowercase(self[index]) != text.utf8Start[index] { return false }
        return true
    }

    /// Whether both are the same in any mix of case.
    @inline(__always)
    func matches(_ other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where Byte.lowercase(self[index]) != Byte.lowercase(other[index]) { return false }
        return true
    }

    /// The first position from `start` whose byte no field value holds: a control character other than tab, or DEL.
    /// Reads eight bytes at a time: values are most of a head.
    @inline(__always)
    func endOfFieldText(from start: Int) -> Int {
        guard let base = baseAddress else { return start }
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        var index = start
        while index &+ 8 <= count {
            let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let deletes = word ^ (ones &* 0x7F)
            let controls = (word &- ones &* 0x20) & ~word
            // A borrow can only make false hits above the first true one, so the lowest hit is exact.
            let hits = (controls | ((deletes &- ones) & ~deletes)) & tops
            if hits == 0 {
                index &+= 8
                continue
            }
            index &+= hits.trailingZeroBitCount &>> 3
            guard self[index] == Byte.tab else { return index }
            index &+= 1
        }
        while index < count {
            let byte = self[index]
            if byte < Byte.space && byte != Byte.tab || byte == Byte.delete { return index }
            index &+= 1
        }
        return index
    }
}
