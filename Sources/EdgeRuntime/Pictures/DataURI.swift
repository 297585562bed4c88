// A picture inside a request: a data URI in base64 (RFC 2397).
internal import Digest

enum DataURI {
    /// What is wrong with one, as it follows "is".
    struct Mistake: Error, Equatable { let reason: String }

    /// Whether a text means to be one.
    static func isOne(_ text: String) -> Bool { text.utf8.prefix(5).elementsEqual("data:".utf8) }

    /// The bytes. The media type that it names is passed over: labels are often wrong, and the bytes decide.
    static func bytes(of text: String) throws(Mistake) -> [UInt8] {
        var text = text
        let result: Result<[UInt8], Mistake> = text.withUTF8 { text in
            guard let comma = text.prefix(headBytesMax).firstIndex(of: UInt8(ascii: ",")) else {
                return .failure(Mistake(reason: "a data URI without a comma in its first \(headBytesMax) bytes"))
            }
            guard text[..<comma].reversed().starts(with: ";base64".utf8.reversed()) else {
                return .failure(Mistake(reason: "a data URI that is not in base64"))
            }
            guard text.count > comma + 1 else { return .failure(Mistake(reason: "a data URI without data")) }
            guard let bytes = Base64Text.decode(UnsafeBufferPointer(rebasing: text[(comma + 1)...])) else {
                return .failure(Mistake(reason: "a data URI whose base64 is damaged or has no padding"))
            }
            return .success(bytes)
        }
        return try result.get()
    }

    /// The part before the comma.
    private static let headBytesMax = 256
}
