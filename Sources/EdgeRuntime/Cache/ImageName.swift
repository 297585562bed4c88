// What an image file is called: the SHA-256 of its bytes and an extension. Whatever is one is safe in a path.

struct ImageName: Hashable, Sendable {
    /// 64 lower-case hexadecimal digits.
    let sha256: String
    /// 1 to 8 lower-case letters or digits: "png".
    let ext: String

    init?(sha256: String, ext: String) {
        guard sha256.isHex(count: 64),
            (1...8).contains(ext.utf8.count),
            ext.utf8.allSatisfy({ (48...57).contains($0) || (97...122).contains($0) })
        else { return nil }
        self.sha256 = sha256
        self.ext = ext
    }

    /// From the last part of an image's URL: "<sha256>.<ext>".
    init?(fileName: some StringProtocol) {
        guard let dot = fileName.utf8.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        self.init(sha256: String(fileName[..<dot]), ext: String(fileName[fileName.utf8.index(after: dot)...]))
    }

    /// From the two parts of its path: "ab", "cdef….png".
    init?(folder: String, file: String) {
        guard folder.utf8.count == 2 else { return nil }
        self.init(fileName: folder + file)
    }

    var fileName: String { "\(sha256).\(ext)" }
    /// The folder in `images`: the first two digits.
    var folder: Substring { sha256.prefix(2) }
    /// Below `images`: "ab/cdef….png".
    var path: String { "\(folder)/\(sha256.dropFirst(2)).\(ext)" }

    /// 16 bytes that stand for the name in tables: half of the digest, mixed with the extension. Two names with one key would
    /// take a collision in a 128-bit hash.
    var key: UInt128 {
        let half = UInt128(hex: sha256.utf8.prefix(32))
        return half ^ ext.utf8.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
    }
}
