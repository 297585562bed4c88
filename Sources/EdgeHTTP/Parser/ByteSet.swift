// Sets of ASCII characters from the grammars of RFC 9110, RFC 9112 and RFC 3986, as bit masks that test in two instructions.

/// A set of ASCII characters. A byte above 127 is in none.
struct ByteSet {
    fileprivate let low: UInt64
    fileprivate let high: UInt64

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let half = byte < 64 ? low : high
        return byte < 128 && (half &>> UInt64(byte & 63)) & 1 != 0
    }

    /// `tchar`: letters, digits and !#$%&'*+-.^_`|~
    static var token: ByteSet { ByteSet(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE) }

    /// `HEXDIG`, in both cases.
    static var hexDigit: ByteSet { ByteSet(low: 0x03FF_0000_0000_0000, high: 0x0000_007E_0000_007E) }

    /// What may follow the first letter of a `scheme`.
    static var scheme: ByteSet { ByteSet(low: 0x03FF_6800_0000_0000, high: 0x07FF_FFFE_07FF_FFFE) }

    /// `unreserved / sub-delims`: a `reg-name` without its escapes.
    static var registeredName: ByteSet { ByteSet(low: 0x2BFF_7FD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE) }

    /// `unreserved / sub-delims / ":"`: the second half of an `IPvFuture`.
    static var futureAddress: ByteSet { ByteSet(low: 0x2FFF_7FD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE) }

    /// `pchar / "/"` without escapes, and the `[ ] | ^` that browsers send unescaped in a path.
    static var path: ByteSet { ByteSet(low: 0x2FFF_FFD2_0000_0000, high: 0x57FF_FFFE_EFFF_FFFF) }

    /// `pchar / "/" / "?"`, any `%`, and the `` [ ] { } | ^ ` \ `` that browsers send unescaped in a query.
    static var query: ByteSet { ByteSet(low: 0xAFFF_FFF2_0000_0000, high: 0x7FFF_FFFF_FFFF_FFFF) }

    /// The ASCII part of `qdtext`: what a quoted string holds unescaped.
    static var quotedText: ByteSet { ByteSet(low: 0xFFFF_FFFB_0000_0200, high: 0x7FFF_FFFF_EFFF_FFFF) }
}

/// The control characters and delimiters that the parsers name.
enum Byte {
    static var tab: UInt8 { 0x09 }
    static var lineFeed: UInt8 { 0x0A }
    static var carriageReturn: UInt8 { 0x0D }
    static var space: UInt8 { 0x20 }
    static var quote: UInt8 { 0x22 }
    static var number: UInt8 { 0x23 }
    static var percent: UInt8 { 0x25 }
    static var asterisk: UInt8 { 0x2A }
    static var comma: UInt8 { 0x2C }
    static var dot: UInt8 { 0x2E }
    static var slash: UInt8 { 0x2F }
    static var zero: UInt8 { 0x30 }
    static var colon: UInt8 { 0x3A }
    static var semicolon: UInt8 { 0x3B }
    static var equals: UInt8 { 0x3D }
    static var question: UInt8 { 0x3F }
    static var at: UInt8 { 0x40 }
    static var openBracket: UInt8 { 0x5B }
    static var backslash: UInt8 { 0x5C }
    static var closeBracket: UInt8 { 0x5D }
    static var delete: UInt8 { 0x7F }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- zero < 10 }

    @inline(__always)
    static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }

    /// Visible ASCII, or a byte above 127: `VCHAR / obs-text`.
    @inline(__always)
    static func isVisible(_ byte: UInt8) -> Bool { byte > space && byte != delete }

    /// The value of a hexadecimal digit; call it for members of ``ByteSet/hexDigit`` only.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt64 {
        isDigit(byte) ? UInt64(byte &- zero) : UInt64((byte | 0x20) &- 0x61) + 10
    }

    @inline(__always)
    static func lowercase(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}
