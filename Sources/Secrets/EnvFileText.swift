// The text of an env file as the parser sees it: checked UTF-8, no byte order mark, LF as the only line end.

struct EnvFileText {
    let bytes: [UInt8]

    /// Text that has been through the other initializer.
    init(normalized bytes: [UInt8]) { self.bytes = bytes }

    init(_ raw: [UInt8], name: String) throws(EnvFileError) {
        guard raw.count <= EnvFile.fileBytesMax else { throw .tooLarge(file: name, bytes: raw.count) }
        if let offset = raw.firstIndex(of: 0) {
            throw .zeroByte(file: name, line: Self.line(of: offset, in: raw))
        }
        if let offset = Self.invalidOffset(in: raw) {
            throw .invalidUTF8(file: name, line: Self.line(of: offset, in: raw))
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.count)
        var index = raw.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        while index < raw.count {
            if raw[index] == .carriageReturn {
                bytes.append(.lineFeed)
                index += index + 1 < raw.count && raw[index + 1] == .lineFeed ? 2 : 1
            } else {
                bytes.append(raw[index])
                index += 1
            }
        }
        self.bytes = bytes
    }

    /// Where a name that begins at `start` ends: `start` itself when no name begins there.
    static func nameEnd(in bytes: [UInt8], from start: Int) -> Int {
        guard start < bytes.count, bytes[start].isNameStart else { return start }
        var end = start + 1
        while end < bytes.count, bytes[end].isNamePart { end += 1 }
        return end
    }

    private static func invalidOffset(in raw: [UInt8]) -> Int? {
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = raw.makeIterator()
        var offset = 0
        while true {
            switch parser.parseScalar(from: &iterator) {
            case .valid(let encoded): offset += encoded.count
            case .error: return offset
            case .emptyInput: return nil
            }
        }
    }

    private static func line(of offset: Int, in raw: [UInt8]) -> Int {
        var line = 1
        for index in 0..<offset {
            let endsLine =
                raw[index] == .lineFeed
                || raw[index] == .carriageReturn && !(index + 1 < raw.count && raw[index + 1] == .lineFeed)
            if endsLine { line += 1 }
        }
        return line
    }
}

extension UInt8 {
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let doubleQuote: UInt8 = 0x22
    static let hash: UInt8 = 0x23
    static let dollar: UInt8 = 0x24
    static let singleQuote: UInt8 = 0x27
    static let equals: UInt8 = 0x3D
    static let backslash: UInt8 = 0x5C
    static let openBrace: UInt8 = 0x7B
    static let closeBrace: UInt8 = 0x7D

    /// Space, tab, VT, FF. No other byte counts as white space, so a value may hold a no-break space.
    var isEnvBlank: Bool { self == 0x20 || self == 0x09 || self == 0x0B || self == 0x0C }

    var isNameStart: Bool { (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) || self == 0x5F }

    var isNamePart: Bool { isNameStart || (0x30...0x39).contains(self) || self == 0x2D || self == 0x2E }
}
