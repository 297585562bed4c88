// Bytes as base64: how a picture of a request travels in JSON.

extension Base64 {
    /// The text of bytes, with padding.
    package static func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { output in
            var end = 0
            for at in stride(from: 0, to: bytes.count, by: 3) {
                let left = bytes.count - at
                let word =
                    UInt32(bytes[at]) << 16 | (left > 1 ? UInt32(bytes[at + 1]) << 8 : 0)
                    | (left > 2 ? UInt32(bytes[at + 2]) : 0)
                for place in 0..<4 {
                    let value = Int(truncatingIfNeeded: word >> UInt32(18 - 6 * place)) & 63
                    output[end + place] = place <= left ? letters[value] : UInt8(ascii: "=")
                }
                end += 4
            }
            return end
        }
    }

    private static let letters = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
}
