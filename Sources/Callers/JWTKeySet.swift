// A set of public keys as issuers publish them (RFC 7517).
internal import JSON
internal import Signatures

/// The keys of a JWKS that can check tokens: P-256 for ES256, RSA for RS256. Others are passed over.
package struct JWTKeySet: Sendable {
    package static let bytesMax = 256 << 10
    package static let keysMax = 64

    struct Key: Sendable {
        let id: String?
        let key: PublicKey
    }

    let keys: [Key]

    package init() { keys = [] }

    /// - Throws: ``KeyFileMistake`` when it is no key set or has no key that can be used.
    package init(_ bytes: [UInt8]) throws(KeyFileMistake) {
        guard bytes.count <= Self.bytesMax else { throw KeyFileMistake("it has more than 256 KB") }
        let document: JSONValue
        do { document = try JSONValue.parse(bytes) } catch { throw KeyFileMistake("it is no JSON: \(error)") }
        guard let entries = document["keys"]?.array else { throw KeyFileMistake("it has no array \"keys\"") }
        guard entries.count <= Self.keysMax else { throw KeyFileMistake("it has more than \(Self.keysMax) keys") }
        keys = entries.compactMap(Self.key)
        guard !keys.isEmpty else {
            throw KeyFileMistake("it has no key for ES256 (P-256) or RS256 (RSA of 2048 bits and more)")
        }
    }

    package var count: Int { keys.count }

    private static func key(_ entry: JSONValue) -> Key? {
        if let use = entry["use"], use.string != "sig" { return nil }
        if let uses = entry["key_ops"], !(uses.array?.contains("verify") ?? false) { return nil }
        func bytes(_ name: String) -> [UInt8]? { entry[name]?.string.flatMap { Base64URL.bytes(of: $0) } }
        let key: PublicKey?
        switch (entry["kty"]?.string, entry["crv"]?.string, entry["alg"]?.string) {
        case ("EC", "P-256", "ES256"), ("EC", "P-256", nil):
            guard let x = bytes("x"), let y = bytes("y") else { return nil }
            key = PublicKey(p256X: x, y: y)
        case ("RSA", _, "RS256"), ("RSA", _, nil):
            guard let n = bytes("n"), let e = bytes("e") else { return nil }
            key = PublicKey(rsaModulus: n, exponent: e)
        default: return nil
        }
        return key.map { Key(id: entry["kid"]?.string, key: $0) }
    }

    /// The keys that a token of this kind and key id can be signed by: by its id, or all of the kind where it names none.
    func candidates(_ kind: PublicKey.Kind, id: String?) -> [PublicKey] {
        keys.filter { $0.key.kind == kind && (id == nil || $0.id == nil || $0.id == id) }.map(\.key)
    }
}
