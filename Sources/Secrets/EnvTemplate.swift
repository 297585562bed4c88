// A value as written, its escapes decoded and its `${...}` not yet replaced.

struct EnvTemplate {
    /// A dollar that came from `\$`. Files hold no NUL, so it cannot be taken for text.
    private static let plainDollar: UInt8 = 0

    static let empty = EnvTemplate(bytes: [], hasReferences: false)

    private let bytes: [UInt8]
    private let hasReferences: Bool

    private init(bytes: [UInt8], hasReferences: Bool) {
        self.bytes = bytes
        self.hasReferences = hasReferences
    }

    init(unquoted: ArraySlice<UInt8>) {
        self.init(bytes: Array(unquoted), hasReferences: unquoted.contains(.dollar))
    }

    /// Single quotes are literal but for `\\` and `\'`, so that a secret can hold `${`.
    init(singleQuoted: ArraySlice<UInt8>) {
        let decoded = Self.decode(singleQuoted) { $0 == .backslash || $0 == .singleQuote ? $0 : nil }
        self.init(bytes: decoded, hasReferences: false)
    }

    init(doubleQuoted: ArraySlice<UInt8>) {
        let decoded = Self.decode(doubleQuoted) { escaped in
            switch escaped {
            case UInt8(ascii: "n"): .lineFeed
            case UInt8(ascii: "r"): .carriageReturn
            case UInt8(ascii: "t"): 0x09
            case UInt8(ascii: "b"): 0x08
            case UInt8(ascii: "f"): 0x0C
            case UInt8(ascii: "v"): 0x0B
            case UInt8(ascii: "a"): 0x07
            case .backslash, .doubleQuote, .singleQuote: escaped
            case .dollar: Self.plainDollar
            default: nil
            }
        }
        self.init(bytes: decoded, hasReferences: decoded.contains { $0 == .dollar || $0 == Self.plainDollar })
    }

    /// The value, or nil when it would be longer than `bytesMax`. Replaced text is not looked at again.
    func resolved(bytesMax: Int, lookUp: (String) -> String?) -> [UInt8]? {
        guard hasReferences else { return bytes.count <= bytesMax ? bytes : nil }
        var result: [UInt8] = []
        let lastBrace = bytes.lastIndex(of: .closeBrace) ?? 0
        var index = 0
        while index < bytes.count {
            if bytes[index] == .dollar, index < lastBrace, let reference = reference(at: index) {
                let value = lookUp(reference.name).map { Array($0.utf8) } ?? []
                if let fallback = reference.fallback, value.isEmpty {
                    result += bytes[fallback].map(Self.visible)
                } else {
                    result += value
                }
                index = reference.end
            } else {
                result.append(Self.visible(bytes[index]))
                index += 1
            }
            guard result.count <= bytesMax else { return nil }
        }
        return result
    }

    /// `${NAME}` or `${NAME:-text}` at `start`; anything else that begins with a dollar is text.
    private func reference(at start: Int) -> (name: String, fallback: Range<Int>?, end: Int)? {
        guard start + 2 < bytes.count, bytes[start + 1] == .openBrace else { return nil }
        let nameEnd = EnvFileText.nameEnd(in: bytes, from: start + 2)
        guard nameEnd > start + 2, nameEnd < bytes.count else { return nil }
        let name = String(decoding: bytes[(start + 2)..<nameEnd], as: UTF8.self)
        if bytes[nameEnd] == .closeBrace { return (name, nil, nameEnd + 1) }
        guard bytes[nameEnd...].starts(with: ":-".utf8) else { return nil }
        guard let close = bytes[(nameEnd + 2)...].firstIndex(of: .closeBrace) else { return nil }
        return (name, (nameEnd + 2)..<close, close + 1)
    }

    private static func visible(_ byte: UInt8) -> UInt8 { byte == plainDollar ? .dollar : byte }

    /// Replaces each backslash pair by what `meaning` says; a pair without a meaning stays as it is.
    private static func decode(_ raw: ArraySlice<UInt8>, meaning: (UInt8) -> UInt8?) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(raw.count)
        var index = raw.startIndex
        while index < raw.endIndex {
            if raw[index] == .backslash, index + 1 < raw.endIndex {
                if let decoded = meaning(raw[index + 1]) {
                    result.append(decoded)
                } else {
                    result += raw[index...(index + 1)]
                }
                index += 2
            } else {
                result.append(raw[index])
                index += 1
            }
        }
        return result
    }
}
