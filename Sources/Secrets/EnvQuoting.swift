// Writes a value so that the env-file parser reads the same value back.

/// How a value is written into an env file.
public enum EnvQuoting {
    /// `value` as it stands behind `NAME=`: always one line, plain where every tool reads it alike, else in quotes.
    /// Nil when it holds a NUL, which no env file and no environment can.
    public static func quoted(_ value: String) -> String? {
        let bytes = Array(value.utf8)
        if bytes.contains(0) { return nil }
        if bytes.allSatisfy(isPlain) { return value }  // an empty value is written as nothing
        let fitsSingleQuotes = bytes.allSatisfy {
            $0 != .singleQuote && $0 != .backslash && $0 != .lineFeed && $0 != .carriageReturn
        }
        if fitsSingleQuotes { return "'\(value)'" }
        var result: [UInt8] = [.doubleQuote]
        for byte in bytes {
            switch byte {
            case .lineFeed: result += [.backslash, UInt8(ascii: "n")]
            case .carriageReturn: result += [.backslash, UInt8(ascii: "r")]
            case .backslash, .doubleQuote, .dollar: result += [.backslash, byte]
            default: result.append(byte)
            }
        }
        result.append(.doubleQuote)
        return String(decoding: result, as: UTF8.self)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "_-./:@%+,=".utf8.contains(byte)
        }
    }
}
