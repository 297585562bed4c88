// SHA-256 over libsodium and the processor's own instructions: at once, in pieces, or of a file.
internal import CSodium

/// A SHA-256 that takes its input in pieces. A copy goes on by itself, so a common beginning is hashed once.
package struct SHA256: Sendable {
    private var state = crypto_hash_sha256_state()

    package init() {
        crypto_hash_sha256_init(&state)
    }

    /// Whether this processor has instructions for it: a fifth of libsodium's time.
    private static let isFast = edge_sha256_is_fast() != 0

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard var start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        var count = bytes.count
        if Self.isFast, count >= 128 {
            // The instructions take whole blocks; what is before and behind them goes by libsodium, which keeps parts of a block.
            let before = (64 - Int(state.count / 8 % 64)) % 64
            crypto_hash_sha256_update(&state, start, UInt64(before))
            start += before
            count -= before
            edge_sha256_blocks(&state, start, count / 64)
            start += count / 64 * 64
            count %= 64
        }
        crypto_hash_sha256_update(&state, start, UInt64(count))
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
