// The keys that seal callers' own tokens, from EDGE_TOKEN_KEY.
internal import Digest

/// One or more keys: the first seals, all open. A box belongs to one caller and one provider, and opens for no other.
package struct TokenKeys: Sendable, Equatable {
    /// What is wrong with the setting, and what to write.
    package struct Mistake: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// A sealed token, and the name of the key that sealed it.
    package struct Sealed: Sendable, Equatable {
        /// 8 digits of a hash of the key: tells keys apart, and of no use to find one by.
        package let key: String
        package let box: [UInt8]

        package init(key: String, box: [UInt8]) {
            self.key = key
            self.box = box
        }
    }

    private struct Key: Sendable, Equatable {
        let id: String
        let bytes: [UInt8]

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
            id = String(SHA256.hex(of: Array("edge token key\n".utf8) + bytes).prefix(8))
        }
    }

    package static let name = "EDGE_TOKEN_KEY"
    package static let keysMax = 8

    private let keys: [Key]

    /// Reads keys of 32 bytes in base64 or hexadecimal, with spaces or commas between them.
    package init(_ setting: SecretValue) throws(Mistake) {
        let parts = Self.parts(of: setting)
        guard (1...Self.keysMax).contains(parts.count) else {
            throw Mistake(description: "\(Self.name) has \(parts.count) keys; write 1 to \(Self.keysMax)")
        }
        var keys: [Key] = []
        for (index, part) in parts.enumerated() {
            guard let bytes = KeyText.bytes(of: part.reveal(), count: SealedBox.keyBytes) else {
                let which = parts.count > 1 ? "key \(index + 1) of \(Self.name)" : Self.name
                throw Mistake(description: "\(which) is not 32 bytes in base64 or hexadecimal; \(Self.advice)")
            }
            guard Set(bytes).count >= Self.differentBytesMin else {
                throw Mistake(description: "\(Self.name) holds a key that is not random; \(Self.advice)")
            }
            keys.append(Key(bytes))
        }
        self.keys = keys
    }

    private init(keys: [Key]) { self.keys = keys }

    /// A key of this process alone: what it seals is gone with it.
    package static func drawn() -> TokenKeys { TokenKeys(keys: [Key(randomBytes(SealedBox.keyBytes))]) }

    package static let advice = "make one with: openssl rand -base64 32"
    /// 32 random bytes with fewer different ones come once in more than 10^40 keys.
    private static let differentBytesMin = 8

    /// Each key by itself, so that none of them is ever printed.
    package static func parts(of setting: SecretValue) -> [SecretValue] {
        setting.reveal().split { $0 == " " || $0 == "," || $0 == "\n" || $0 == "\t" }.map { SecretValue(String($0)) }
    }

    // MARK: Sealing

    package func seal(_ token: SecretValue, owner: String, provider: String) -> Sealed {
        let key = keys[0]
        let box = SealedBox.seal(Array(token.reveal().utf8), key: key.bytes, context: Self.context(owner, provider))
        return Sealed(key: key.id, box: box)
    }

    /// The token; nil when no key opens it for this caller and provider.
    package func open(_ sealed: Sealed, owner: String, provider: String) -> SecretValue? {
        for key in keys where key.id == sealed.key {
            guard let text = SealedBox.open(sealed.box, key: key.bytes, context: Self.context(owner, provider)) else {
                continue
            }
            return String(validating: text, as: UTF8.self).map { SecretValue($0) }
        }
        return nil
    }

    /// Whether some key has sealed it.
    package func know(_ sealed: Sealed) -> Bool { keys.contains { $0.id == sealed.key } }

    /// Whether it should be sealed again, with the first key.
    package func isOld(_ sealed: Sealed) -> Bool { sealed.key != keys[0].id }

    /// Neither names hold a NUL.
    private static func context(_ owner: String, _ provider: String) -> [UInt8] {
        Array("edge token 1\0\(provider)\0\(owner)".utf8)
    }
}

extension TokenKeys: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "[\(Self.name)]" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}
