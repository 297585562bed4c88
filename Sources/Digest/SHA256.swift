// SHA-256 over libsodium: at once, in pieces, or of a file.
internal import CSodium

/// A SHA-256 that takes its input in pieces. A copy goes on by itself, so a common beginning is hashed once.
package struct SHA256: Sendable {
    private var state = crypto_hash_sha256_state()

    package init() {
        crypto_hash_sha256_init(&state)
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        crypto_hash_sha256_update(&state, start.assumingMemoryBound(to: UInt8.self), UInt64(bytes.count))
    }

    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Adds the text's UTF-8.
    package mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    }

    /// The 32 bytes of the digest. What follows takes part in no digest: finish once.
    package consuming func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            crypto_hash_sha256_final(&state, start)
            count = 32
        }
    }

    /// The digest as 64 lower-case hexadecimal digits.
    package consuming func finishHex() -> String { Hex.text(of: finish()) }

    package static func digest(of bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }

    package static func digest(of bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { digest(of: $0) }
    }

    /// 64 lower-case hexadecimal digits.
    package static func hex(of bytes: UnsafeRawBufferPointer) -> String { Hex.text(of: digest(of: bytes)) }

    /// 64 lower-case hexadecimal digits.
    package static func hex(of bytes: [UInt8]) -> String { Hex.text(of: digest(of: bytes)) }

    /// The digest of the text's UTF-8, as 64 lower-case hexadecimal digits.
    package static func hex(of text: String) -> String {
        var hash = SHA256()
        hash.update(text)
        return hash.finishHex()
    }
}
