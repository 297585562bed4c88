// Bytes that nobody without the key can read or change: XChaCha20-Poly1305, by libsodium.
internal import CSodium

/// Sealing with a key, bound to a context. A nonce of 192 bits is drawn for each box, so that one key seals as many as are needed.
package enum SealedBox {
    package static let keyBytes = Int(crypto_aead_xchacha20poly1305_ietf_KEYBYTES)
    private static let nonceBytes = Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    private static let tagBytes = Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)

    /// - Parameter context: what the box belongs to. It is not in the box, and only who names the same can open it.
    package static func seal(_ text: [UInt8], key: [UInt8], context: [UInt8]) -> [UInt8] {
        precondition(Sodium.isReady && key.count == keyBytes)
        let nonce = randomBytes(nonceBytes)
        let sealed = [UInt8](unsafeUninitializedCapacity: text.count + tagBytes) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            var length: UInt64 = 0
            crypto_aead_xchacha20poly1305_ietf_encrypt(
                start,
                &length,
                text,
                UInt64(text.count),
                context,
                UInt64(context.count),
                nil,
                nonce,
                key
            )
            count = Int(length)
        }
        return nonce + sealed
    }

    /// What was sealed; nil when the key or the context is another, or the box was changed.
    package static func open(_ box: [UInt8], key: [UInt8], context: [UInt8]) -> [UInt8]? {
        precondition(Sodium.isReady && key.count == keyBytes)
        guard box.count >= nonceBytes + tagBytes else { return nil }
        let nonce = Array(box[..<nonceBytes])
        let sealed = Array(box[nonceBytes...])
        var isGood = false
        let text = [UInt8](unsafeUninitializedCapacity: sealed.count - tagBytes + 1) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            var length: UInt64 = 0
            isGood =
                crypto_aead_xchacha20poly1305_ietf_decrypt(
                    start,
                    &length,
                    nil,
                    sealed,
                    UInt64(sealed.count),
                    context,
                    UInt64(context.count),
                    nonce,
                    key
                ) == 0
            count = isGood ? Int(length) : 0
        }
        return isGood ? text : nil
    }
}
