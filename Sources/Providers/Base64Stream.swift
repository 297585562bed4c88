// Base64 that comes in pieces, cut anywhere.

/// Decodes strictly: groups of four, padding at the end alone, and no bits beyond the last byte.
struct Base64Stream {
    /// The bits of a group that is not whole yet, and how many characters of it have come.
    private var word: UInt32 = 0
    private var have = 0
    private var padding = 0

    /// Whether what has come so far is a whole text.
    var isWhole: Bool { have == 0 }

    /// Takes characters of the alphabet from the front and leaves the rest.
    /// - Returns: how many were taken.
    mutating func take(_ text: UnsafeRawBufferPointer, into bytes: inout [UInt8]) -> Int {
        guard padding == 0 else { return 0 }
        return Base64.values.withUnsafeBufferPointer { values in
            var at = 0
            while at < text.count, have != 0 {
                guard values[Int(text[at])] != 255 else { return at }
                _ = take(text[at], into: &bytes)
                at += 1
            }
            at += Self.takeGroups(UnsafeRawBufferPointer(rebasing: text[at...]), values, into: &bytes)
            while at < text.count, values[Int(text[at])] != 255 {
                _ = take(text[at], into: &bytes)
                at += 1
            }
            return at
        }
    }

    /// Takes all of it, padding included.
    /// - Returns: false when one of its characters cannot stand there.
    mutating func takeWhole(_ text: UnsafeRawBufferPointer, into bytes: inout [UInt8]) -> Bool {
        var rest = text
        while !rest.isEmpty {
            rest = UnsafeRawBufferPointer(rebasing: rest[take(rest, into: &bytes)...])
            guard let character = rest.first else { break }
            guard take(character, into: &bytes) else { return false }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
        }
        return true
    }

    /// Whole groups as they are: nearly all of a picture goes this way.
    private static func takeGroups(
        _ text: UnsafeRawBufferPointer,
        _ values: UnsafeBufferPointer<UInt8>,
        into bytes: inout [UInt8]
    ) -> Int {
        let count = text.count
        var group = 0
        // One more, for a group is stored as four bytes, the last of which is the next one's.
        withUnsafeTemporaryAllocation(byteCount: blockGroups * 3 + 1, alignment: 1) { block in
            var end = 0
            while group &+ 4 <= count {
                let (a, b) = (values[Int(text[group])], values[Int(text[group &+ 1])])
                let (c, d) = (values[Int(text[group &+ 2])], values[Int(text[group &+ 3])])
                guard (a | b | c | d) < 64 else { break }
                let word = UInt32(a) &<< 26 | UInt32(b) &<< 20 | UInt32(c) &<< 14 | UInt32(d) &<< 8
                block.storeBytes(of: word.bigEndian, toByteOffset: end, as: UInt32.self)
                end &+= 3
                group &+= 4
                if end == blockGroups * 3 {
                    bytes += UnsafeRawBufferPointer(rebasing: block[..<end])
                    end = 0
                }
            }
            bytes += UnsafeRawBufferPointer(rebasing: block[..<end])
        }
        return group
    }

    /// Decoded on the stack before they are appended.
    private static let blockGroups = 1024

    /// One character, padding included.
    /// - Returns: false when it cannot stand there.
    mutating func take(_ character: UInt8, into bytes: inout [UInt8]) -> Bool {
        if character == UInt8(ascii: "=") {
            guard have >= 2 else { return false }
            padding += 1
            guard have + padding == 4 else { return have + padding < 4 }
            // What padding cuts off must be zero, else two texts would mean the same bytes.
            guard word & (have == 2 ? 0xF : 0x3) == 0 else { return false }
            bytes.append(UInt8(truncatingIfNeeded: have == 2 ? word >> 4 : word >> 10))
            if have == 3 { bytes.append(UInt8(truncatingIfNeeded: word >> 2)) }
            have = 0
            return true
        }
        let value = Base64.values[Int(character)]
        guard value != 255, padding == 0 else { return false }
        word = word << 6 | UInt32(value)
        have += 1
        if have == 4 {
            for shift in [16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
            (word, have) = (0, 0)
        }
        return true
    }
}
