// Base 32 of RFC 4648 in lower case, without padding: no letter of it is mistaken for a digit of it.

enum Base32Text {
    private static let digits = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    /// Five bits a letter; bits that fill no letter are left out.
    static func text(of bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        var bits = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | Int(byte)
            count += 8
            while count >= 5 {
                count -= 5
                text.append(digits[bits >> count & 31])
            }
            bits &= 255
        }
        return String(decoding: text, as: UTF8.self)
    }

    static func isText(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (97...122).contains($0) || (50...55).contains($0) }
    }
}
