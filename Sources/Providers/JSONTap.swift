// JSON on its way in: long base64 texts are taken out and decoded, so that what is left is small.

/// Copies JSON as it comes, cut anywhere, except for strings of more than ``textMin`` characters of base64: their bytes go
/// to a ``Spool`` each, and a short mark stands in their place. Checks no grammar: that is the parser's work.
struct JSONTap {
    /// Shorter base64 stays where it is: it is no picture, or a small one.
    static let textMin = 4 << 10
    /// JSON without pictures is small.
    static let jsonBytesMax = 4 << 20
    /// Pictures beyond this count as damaged: one is asked for.
    static let picturesMax = 16
    /// `data:image/png;base64`, with some room for parameters.
    private static let prefixMax = 128

    private(set) var json: [UInt8] = []
    /// Nil for a picture that is damaged.
    private(set) var pictures: [ResultBytes?] = []

    private enum Place { case outside, text, perhaps, picture }
    private var place = Place.outside
    /// An escape that is not whole yet, from its backslash.
    private var escape: [UInt8] = []

    // A string that may turn out to be a picture: as it stands there, and unescaped.
    private var raw: [UInt8] = []
    private var plain: [UInt8] = []
    private var hasPrefix = false

    // The picture that is being read.
    private var decoder = Base64Stream()
    private var decoded: [UInt8] = []
    private var spool = Spool()
    private var isDamaged = false

    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    /// What stands in place of a picture.
    static func mark(_ number: Int) -> String { "<picture \(number)>" }

    /// Which picture a mark stands for; nil for any other text.
    static func picture(namedBy text: String) -> Int? {
        guard text.hasPrefix("<picture "), text.hasSuffix(">") else { return nil }
        return Int(text.dropFirst(9).dropLast())
    }

    mutating func take(_ piece: UnsafeRawBufferPointer) throws(SpoolError) {
        var at = 0
        while at < piece.count {
            let rest = UnsafeRawBufferPointer(rebasing: piece[at...])
            switch place {
            case .outside, .text: at += try copy(rest)
            case .perhaps: at += perhaps(rest)
            case .picture: at += try decode(rest)
            }
        }
        try spoolDecoded()
    }

    /// Copies up to the next quote that opens or closes a string.
    private mutating func copy(_ piece: UnsafeRawBufferPointer) throws(SpoolError) -> Int {
        var end = 0
        scan: while end < piece.count {
            let byte = piece[end]
            end += 1
            if !escape.isEmpty {
                escape = []
            } else if byte == Self.quote {
                if place == .outside { beginString() } else { place = .outside }
                break scan
            } else if place == .text, byte == Self.backslash {
                escape = [byte]
            }
        }
        json += piece[..<end]
        guard json.count <= Self.jsonBytesMax else { throw .tooLarge }
        return end
    }

    private mutating func beginString() {
        place = .perhaps
        (raw, plain, hasPrefix) = ([], [], false)
    }

    /// The beginning of a string of which nobody knows yet what it is: base64 as far as it goes, else one byte.
    private mutating func perhaps(_ piece: UnsafeRawBufferPointer) -> Int {
        let run = escape.isEmpty ? Base64.run(in: piece, upTo: Self.textMin + 1 - plain.count) : 0
        guard run > 0 else {
            perhaps(piece[0])
            return 1
        }
        raw += piece[..<run]
        plain += piece[..<run]
        if plain.count > Self.textMin { beginPicture() }
        return run
    }

    private mutating func perhaps(_ byte: UInt8) {
        guard byte != Self.quote || !escape.isEmpty else {
            json += raw + [byte]
            place = .outside
            return
        }
        raw.append(byte)
        switch unescaped(byte) {
        case .later: break
        case .none: beText()
        case .character(let character):
            guard fits(character) else { return beText() }
            plain.append(character)
            if plain.count > Self.textMin { beginPicture() }
        }
    }

    private mutating func beText() {
        json += raw
        (raw, plain) = ([], [])
        place = .text
    }

    /// Whether a character may come next in `[data:...;base64,]<base64>`.
    private mutating func fits(_ character: UInt8) -> Bool {
        if Base64.values[Int(character)] != 255 || character == UInt8(ascii: "=") { return true }
        guard !hasPrefix, plain.count < Self.prefixMax, (0x21...0x7E).contains(character) else { return false }
        guard plain.starts(with: "data:".utf8) || plain.elementsEqual("data".utf8) && character == UInt8(ascii: ":")
        else {
            return false
        }
        guard character == UInt8(ascii: ",") else { return true }
        guard plain.reversed().starts(with: ";base64".utf8.reversed()) else { return false }
        hasPrefix = true
        return true
    }

    private mutating func beginPicture() {
        place = .picture
        (decoder, spool) = (Base64Stream(), Spool())
        isDamaged = pictures.count >= Self.picturesMax
        let start = hasPrefix ? plain.firstIndex(of: UInt8(ascii: ",")).map { $0 + 1 } ?? 0 : 0
        let text = plain
        (raw, plain) = ([], [])
        guard !isDamaged else { return }
        text.withUnsafeBytes { text in
            isDamaged = !decoder.takeWhole(UnsafeRawBufferPointer(rebasing: text[start...]), into: &decoded)
        }
    }

    /// Decodes up to what is not plain base64, and one byte beyond.
    private mutating func decode(_ piece: UnsafeRawBufferPointer) throws(SpoolError) -> Int {
        var taken = 0
        if escape.isEmpty, !isDamaged { taken = decoder.take(piece, into: &decoded) }
        guard taken < piece.count else { return taken }
        let byte = piece[taken]
        guard byte != Self.quote || !escape.isEmpty else {
            try endPicture()
            return taken + 1
        }
        switch unescaped(byte) {
        case .later: break
        case .none: isDamaged = true
        case .character(let character):
            if !isDamaged { isDamaged = !decoder.take(character, into: &decoded) }
        }
        return taken + 1
    }

    private mutating func endPicture() throws(SpoolError) {
        try spoolDecoded()
        json += Array("\(Self.mark(pictures.count))\"".utf8)
        pictures.append(isDamaged || !decoder.isWhole ? nil : spool.result)
        spool = Spool()
        place = .outside
        guard json.count <= Self.jsonBytesMax else { throw .tooLarge }
    }

    private mutating func spoolDecoded() throws(SpoolError) {
        guard !decoded.isEmpty else { return }
        if isDamaged {
            spool = Spool()
        } else {
            let bytes = decoded
            try bytes.withBytes { (bytes) throws(SpoolError) in try spool.append(bytes) }
        }
        decoded = []
    }

    private enum Unescaped { case character(UInt8), later, none }

    /// What one byte of a string means, after an escape that has begun.
    private mutating func unescaped(_ byte: UInt8) -> Unescaped {
        guard !escape.isEmpty else {
            guard byte == Self.backslash else { return .character(byte) }
            escape = [byte]
            return .later
        }
        escape.append(byte)
        if escape.count == 2 {
            if byte == UInt8(ascii: "u") { return .later }
            escape = []
            return byte == UInt8(ascii: "/") ? .character(byte) : .none
        }
        guard escape.count == 6 else { return .later }
        // Some servers write + and = that way.
        let code = UInt8(String(decoding: escape[2...], as: UTF8.self), radix: 16)
        escape = []
        return code.map { .character($0) } ?? .none
    }
}
