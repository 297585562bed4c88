// The authority of a request: what a Host field may say, by RFC 9110 (7.2) and RFC 3986 (3.2.2).

/// Checks of `uri-host [ ":" port ]`. Names are not looked up and ports are not interpreted.
enum HTTPAuthority {
    /// Where the host of a valid authority ends (there is a port, perhaps empty, when that is before the end), or nil.
    static func hostEnd(_ bytes: Bytes) -> Int? {
        guard let end = bytes.first == Byte.openBracket ? literalEnd(bytes) : nameEnd(bytes) else { return nil }
        guard end < bytes.count else { return end }
        guard bytes[end] == Byte.colon else { return nil }
        for index in end + 1..<bytes.count where !Byte.isDigit(bytes[index]) { return nil }
        return end
    }

    /// Whether a Host field may have this value. It may be empty.
    static func isValidHost(_ bytes: Bytes) -> Bool { hostEnd(bytes) != nil }

    /// `reg-name`; every IPv4 address is one too.
    private static func nameEnd(_ bytes: Bytes) -> Int? {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if ByteSet.registeredName.contains(byte) {
                index += 1
            } else if byte == Byte.colon {
                return index
            } else {
                guard isEscape(bytes, at: index) else { return nil }
                index += 3
            }
        }
        return index
    }

    /// `IP-literal`: a bracketed IPv6 address or an address of a later version. No zone: it means nothing to another machine.
    private static func literalEnd(_ bytes: Bytes) -> Int? {
        guard let close = bytes.firstIndex(of: Byte.closeBracket) else { return nil }
        let inner = bytes.part(1..<close)
        return isIPv6(inner) || isFutureAddress(inner) ? close + 1 : nil
    }

    /// `IPvFuture = "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )`
    private static func isFutureAddress(_ bytes: Bytes) -> Bool {
        guard let first = bytes.first, first | 0x20 == UInt8(ascii: "v"), let dot = bytes.firstIndex(of: Byte.dot),
            dot > 1, dot + 1 < bytes.count
        else { return false }
        return bytes[1..<dot].allSatisfy(ByteSet.hexDigit.contains)
            && bytes[(dot + 1)...].allSatisfy(ByteSet.futureAddress.contains)
    }

    /// `IPv6address`: eight groups of one to four digits; `::` once, for at least one of them; the last two may be IPv4.
    static func isIPv6(_ bytes: Bytes) -> Bool {
        var groups = 0
        var gap = false
        var index = 0
        if bytes.count >= 2, bytes[0] == Byte.colon {
            guard bytes[1] == Byte.colon else { return false }
            gap = true
            index = 2
        }
        while index < bytes.count {
            let start = index
            while index < bytes.count, ByteSet.hexDigit.contains(bytes[index]) { index += 1 }
            if index < bytes.count, bytes[index] == Byte.dot {
                guard isIPv4(bytes.part(start..<bytes.count)) else { return false }
                groups += 2
                return gap ? groups <= 7 : groups == 8
            }
            guard (1...4).contains(index - start) else { return false }
            groups += 1
            guard index < bytes.count else { break }
            guard bytes[index] == Byte.colon, index + 1 < bytes.count else { return false }
            index += 1
            if bytes[index] == Byte.colon {
                guard !gap else { return false }
                gap = true
                index += 1
            }
        }
        return gap ? groups <= 7 : groups == 8
    }

    /// `IPv4address`: four numbers from 0 to 255 without leading zeros.
    private static func isIPv4(_ bytes: Bytes) -> Bool {
        let parts = bytes.split(separator: Byte.dot, omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard (1...3).contains(part.count), part.allSatisfy(Byte.isDigit) else { return false }
                let value = part.reduce(0) { $0 * 10 + Int($1 &- Byte.zero) }
                return value <= 255 && (part.count == 1 || part.first != Byte.zero)
            }
    }

    /// `pct-encoded`
    @inline(__always)
    static func isEscape(_ bytes: Bytes, at index: Int) -> Bool {
        bytes[index] == Byte.percent && index + 2 < bytes.count && ByteSet.hexDigit.contains(bytes[index + 1])
            && ByteSet.hexDigit.contains(bytes[index + 2])
    }
}
