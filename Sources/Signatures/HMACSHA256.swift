// HMAC with SHA-256, by OpenSSL's libcrypto.
internal import COpenSSL

package enum HMACSHA256 {
    /// 32 bytes that only who knows `key` can make of `message`; nil when the library refuses.
    package static func code(of message: [UInt8], key: [UInt8]) -> [UInt8]? {
        guard let length = Int32(exactly: key.count) else { return nil }
        var code = [UInt8](repeating: 0, count: 32)
        return edge_hmac_sha256(key, length, message, message.count, &code) == 1 ? code : nil
    }
}
