// Public keys and the signatures that they check, by OpenSSL's libcrypto.
internal import COpenSSL

/// A public key of one kind, which checks signatures of that kind alone. Never changes, so any thread may use it.
package final class PublicKey: @unchecked Sendable {
    package enum Kind: Sendable, Equatable {
        /// ECDSA over P-256 with SHA-256; signatures are r and s, 32 bytes each.
        case p256
        /// RSA with PKCS#1 v1.5 and SHA-256.
        case rsa
    }

    package let kind: Kind
    private let key: OpaquePointer

    /// Bits of an RSA key: shorter ones are broken, longer ones cost more time than any issuer asks for.
    package static let rsaBits = 2048...8192

    /// - Parameters:
    ///   - x: 32 bytes.
    ///   - y: 32 bytes.
    /// - Returns: nil for a point that is not on P-256.
    package init?(p256X x: [UInt8], y: [UInt8]) {
        guard x.count == 32, y.count == 32 else { return nil }
        let point = [4] + x + y
        guard let key = edge_p256_key(point, point.count) else { return nil }
        kind = .p256
        self.key = key
    }

    /// - Parameters:
    ///   - modulus: big-endian, of ``rsaBits``.
    ///   - exponent: big-endian, odd, 1 to 4 bytes.
    package init?(rsaModulus modulus: [UInt8], exponent: [UInt8]) {
        let modulus = Array(modulus.drop { $0 == 0 })
        let exponent = Array(exponent.drop { $0 == 0 })
        let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
        guard Self.rsaBits.contains(bits), (1...4).contains(exponent.count), exponent != [1],
            exponent.last.map({ $0 & 1 == 1 }) ?? false,
            let key = edge_rsa_key(modulus, Int32(modulus.count), exponent, Int32(exponent.count))
        else { return nil }
        kind = .rsa
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    /// Whether the signature over `message` is this key's.
    package func isSignature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        switch kind {
        case .p256:
            signature.count == 64 && edge_verify_p256(key, message, message.count, signature) == 1
        case .rsa:
            edge_verify(key, message, message.count, signature, signature.count) == 1
        }
    }
}
