// Signatures of Standard Webhooks 1.0: HMAC with SHA-256 over id, time and body.
internal import Digest
internal import Signatures

/// Signs with every key of a setting: while a secret is replaced, receivers may know either.
struct WebhookSigner: Sendable {
    /// What a key may have, in bytes.
    static let keyBytes = 24...64
    /// Keys at once.
    static let keysMax = 4
    private static let prefix = "whsec_"

    private let keys: [[UInt8]]

    /// - Parameter secrets: `whsec_` and base64; several are separated by spaces.
    /// - Throws: what is wrong, without a part of a secret.
    init(secrets: String) throws(WebhookSettings.Mistake) {
        let texts = secrets.split { $0 == " " || $0 == "\t" || $0 == "\n" }
        guard (1...Self.keysMax).contains(texts.count) else {
            throw WebhookSettings.Mistake("EDGE_WEBHOOK_SECRET has \(texts.count) secrets; use 1 to \(Self.keysMax)")
        }
        var keys: [[UInt8]] = []
        for text in texts {
            let base64 = Array(text.utf8.dropFirst(Self.prefix.utf8.count))
            guard text.hasPrefix(Self.prefix), let key = base64.withUnsafeBufferPointer(Base64Text.decode),
                Self.keyBytes.contains(key.count)
            else {
                throw WebhookSettings.Mistake(
                    "EDGE_WEBHOOK_SECRET is no secret of Standard Webhooks: write whsec_ and the base64 of "
                        + "\(Self.keyBytes.lowerBound) to \(Self.keyBytes.upperBound) random bytes, such as "
                        + "whsec_$(openssl rand -base64 32)"
                )
            }
            keys.append(key)
        }
        self.keys = keys
    }

    /// The value of `webhook-signature`: an entry for each key.
    /// - Parameter seconds: of this attempt, since 1970.
    func signature(id: String, seconds: Int64, body: [UInt8]) -> String {
        let message = Array("\(id).\(seconds).".utf8) + body
        return keys.compactMap { HMACSHA256.code(of: message, key: $0) }
            .map { "v1,\(String(decoding: Base64Text.encode($0), as: UTF8.self))" }
            .joined(separator: " ")
    }
}
