// A small true PNG that differs for every name.

/// Grey images of 8 by 8 pixels with a text chunk: whole, checksums included.
public enum TestPicture {
    /// - Parameter extra: bytes of a further text chunk.
    public static func png(_ name: String, extra: Int = 0) -> [UInt8] {
        var pixels: [UInt8] = []
        for row in 0..<8 { pixels += [0] + (0..<8).map { UInt8(truncatingIfNeeded: row * 8 + $0) } }
        let header: [UInt8] = [0, 0, 0, 8, 0, 0, 0, 8, 8, 0, 0, 0, 0]
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
            + chunk("tEXt", Array("Title".utf8) + [0] + Array(name.utf8))
            + (extra > 0 ? chunk("tEXt", Array("Comment".utf8) + [0] + [UInt8](repeating: 120, count: extra)) : [])
            + chunk("IDAT", stored(pixels))
            + chunk("IEND", [])
    }

    /// Any bytes as base64.
    public static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text = [UInt8](repeating: UInt8(ascii: "="), count: (bytes.count + 2) / 3 * 4)
        // Plain loops over memory: tests are not optimised, and this one holds up the loop that all of them share.
        bytes.withUnsafeBufferPointer { bytes in
            alphabet.withUnsafeBufferPointer { alphabet in
                text.withUnsafeMutableBufferPointer { text in
                    var (start, at) = (0, 0)
                    while start < bytes.count {
                        let left = bytes.count - start
                        let word =
                            Int(bytes[start]) << 16 | (left > 1 ? Int(bytes[start + 1]) << 8 : 0)
                            | (left > 2 ? Int(bytes[start + 2]) : 0)
                        text[at] = alphabet[word >> 18]
                        text[at + 1] = alphabet[word >> 12 & 63]
                        if left > 1 { text[at + 2] = alphabet[word >> 6 & 63] }
                        if left > 2 { text[at + 3] = alphabet[word & 63] }
                        start += 3
                        at += 4
                    }
                }
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let named = Array(type.utf8) + data
        return bytes(UInt32(data.count)) + named + bytes(checksum(named))
    }

    /// A zlib stream of one stored block.
    private static func stored(_ data: [UInt8]) -> [UInt8] {
        let count = UInt16(data.count)
        let (low, high) = (UInt8(truncatingIfNeeded: count), UInt8(count >> 8))
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in data {
            a = (a + UInt32(byte)) % 65521
            b = (b + a) % 65521
        }
        return [0x78, 0x01, 0x01, low, high, ~low, ~high] + data + bytes(b << 16 | a)
    }

    private static func checksum(_ data: [UInt8]) -> UInt32 {
        // By table and plain memory, as above.
        data.withUnsafeBufferPointer { data in
            checksums.withUnsafeBufferPointer { checksums in
                var sum: UInt32 = .max
                var at = 0
                while at < data.count {
                    sum = sum >> 8 ^ checksums[Int((sum ^ UInt32(data[at])) & 0xFF)]
                    at += 1
                }
                return ~sum
            }
        }
    }

    /// Of each single byte.
    private static let checksums: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }

    private static func bytes(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }
}
