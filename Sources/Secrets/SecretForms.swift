// The shapes in which one secret can turn up in a log line: as it is, in a URL, in JSON, in base64.

enum SecretForms {
    /// Shorter texts are not replaced: they are part of ordinary words.
    static let charactersMin = 6

    /// A line of a multi-line secret is looked for on its own from this length on, because logs are cut into lines.
    static let lineBytesMin = 16

    /// Every form of `secret` worth looking for, each at least six bytes long; empty for a short secret.
    static func all(of secret: String) -> Set<[UInt8]> {
        guard secret.unicodeScalars.count >= charactersMin else { return [] }
        let bytes = Array(secret.utf8)
        var forms: Set<[UInt8]> = [bytes]
        for line in bytes.split(whereSeparator: { $0 == .lineFeed || $0 == .carriageReturn })
        where line.count >= lineBytesMin && line.count < bytes.count {
            forms.insert(Array(line))
        }
        for digits in [Array("0123456789ABCDEF".utf8), Array("0123456789abcdef".utf8)] {
            forms.insert(percentEncoded(bytes, keeping: "-_.~", digits: digits))
            forms.insert(percentEncoded(bytes, keeping: "-_.~!*'()", digits: digits))  // encodeURIComponent
            forms.insert(percentEncoded(bytes, keeping: "-_.*", blank: UInt8(ascii: "+"), digits: digits))  // forms
        }
        for escapesSlash in [false, true] {
            forms.insert(jsonEscaped(secret, ascii: false, escapesSlash: escapesSlash))
            forms.insert(jsonEscaped(secret, ascii: true, escapesSlash: escapesSlash))
        }
        for last in ["+/", "-_"] { forms.formUnion(base64(bytes, last: last)) }
        return forms
    }

    private static func percentEncoded(
        _ bytes: [UInt8],
        keeping marks: String,
        blank: UInt8? = nil,
        digits: [UInt8]
    ) -> [UInt8] {
        var result: [UInt8] = []
        for byte in bytes {
            if byte.isLetterOrDigit || marks.utf8.contains(byte) {
                result.append(byte)
            } else if byte == 0x20, let blank {
                result.append(blank)
            } else {
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return result
    }

    private static func jsonEscaped(_ text: String, ascii: Bool, escapesSlash: Bool) -> [UInt8] {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "/" where escapesSlash: result += "\\/"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{08}": result += "\\b"
            case "\u{0C}": result += "\\f"
            case _ where scalar.value < 0x20 || ascii && scalar.value > 0x7E:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: result.unicodeScalars.append(scalar)
            }
        }
        return Array(result.utf8)
    }

    /// Base64 of the secret alone, and the letters that stay the same wherever it lies in a longer text
    /// (`Authorization: Basic` encodes `user:secret`).
    private static func base64(_ bytes: [UInt8], last: String) -> Set<[UInt8]> {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\(last)".utf8)
        var forms: Set<[UInt8]> = []
        for shift in 0...2 {
            let letters = base64Letters(Array(repeating: 0, count: shift) + bytes, alphabet: alphabet)
            let fixed = ((shift * 8 + 5) / 6)..<((shift + bytes.count) * 8 / 6)
            forms.insert(Array(letters[fixed]))
            if shift == 0 {
                forms.insert(letters)
                forms.insert(letters + Array(repeating: .equals, count: (3 - bytes.count % 3) % 3))
            }
        }
        return forms
    }

    private static func base64Letters(_ bytes: [UInt8], alphabet: [UInt8]) -> [UInt8] {
        var letters: [UInt8] = []
        var bits = 0
        var bitCount = 0
        for byte in bytes {
            bits = bits << 8 | Int(byte)
            bitCount += 8
            while bitCount >= 6 {
                bitCount -= 6
                letters.append(alphabet[bits >> bitCount & 63])
            }
            bits &= (1 << bitCount) - 1
        }
        if bitCount > 0 { letters.append(alphabet[bits << (6 - bitCount) & 63]) }
        return letters
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) || (0x30...0x39).contains(self)
    }
}
