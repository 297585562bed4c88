// Which public paths are plain enough to be routed at all.

enum PublicPath {
    /// Whether a path (as it was sent, without query) means the same to everybody who reads it: it begins with `/` and has no empty
    /// segment inside, no `.` or `..` however encoded, no encoded slash, backslash or NUL, no broken escape and only visible ASCII.
    static func isPlain(_ path: String) -> Bool {
        var path = path
        return path.withUTF8 { isPlain($0) }
    }

    private static func isPlain(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
        guard path.first == slash else { return false }
        var dots = 0
        var hasOthers = false
        var isCut = false  // behind the semicolon of "..;x", which some servers read as ".."
        var index = 1
        while index < path.count {
            var byte = path[index]
            index += 1
            if byte == slash {
                // An empty segment is fine only at the end, where the loop does not come by.
                guard hasOthers || dots > 2 else { return false }
                dots = 0
                hasOthers = false
                isCut = false
                continue
            }
            guard (0x21...0x7e).contains(byte), byte != backslash else { return false }
            if byte == UInt8(ascii: "%") {
                guard index + 1 < path.count, let high = digit(path[index]), let low = digit(path[index + 1]) else {
                    return false
                }
                index += 2
                byte = high << 4 | low
                guard byte != slash, byte != backslash, byte != 0 else { return false }
            }
            if byte == UInt8(ascii: ";"), dots > 0, !hasOthers {
                isCut = true
            } else if byte == UInt8(ascii: "."), !hasOthers {
                if !isCut { dots += 1 }
            } else if !isCut {
                hasOthers = true
            }
        }
        return hasOthers || dots > 2 || dots == 0
    }

    /// Whether a path, as a function will see it, leads to what only the host may ask: below `/_edge`, however written.
    static func isForHostOnly(_ path: Substring) -> Bool {
        let segment = path.utf8.dropFirst().prefix { $0 != slash }
        var decoded: [UInt8] = []
        var iterator = segment.makeIterator()
        while decoded.count < 5, let byte = iterator.next() {
            if byte == UInt8(ascii: "%"), let high = iterator.next().flatMap(digit),
                let low = iterator.next().flatMap(digit)
            {
                decoded.append(high << 4 | low)
            } else {
                decoded.append(byte)
            }
        }
        // Beginning like it is enough to be refused: frameworks differ in letter case and in what ends a segment.
        return decoded.map { (65...90).contains($0) ? $0 | 0x20 : $0 } == Array("_edge".utf8)
    }

    private static let slash = UInt8(ascii: "/")
    private static let backslash = UInt8(ascii: "\\")

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - 87
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - 55
        default: nil
        }
    }
}
