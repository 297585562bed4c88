// `.edge/secrets.env`: what `edge secrets` keeps, changed as a whole or not at all.
internal import Digest

/// The file in which `edge secrets` keeps secrets: an env file that only its owner can read (0600). Changing it keeps
/// other lines and comments. All calls are blocking.
public struct SecretsFile: Sendable {
    /// At most this many secrets.
    public static let secretsMax = 100
    /// At most this many characters in a name.
    public static let nameCharactersMax = 256
    /// At most this many bytes in a value: 48 KiB.
    public static let valueBytesMax = 48 * 1024

    /// The folder it lies in; made when a first secret is set.
    public let stateDirectory: String
    /// Its path.
    public var path: String { "\(stateDirectory)/secrets.env" }

    /// The secrets of the host that owns `stateDirectory`.
    public init(stateDirectory: String) { self.stateDirectory = stateDirectory }

    /// What the file sets; empty when there is none.
    public func read(environment: [String: String] = [:]) throws(SettingsError) -> [EnvFile.Assignment] {
        try SettingsFile.read(path, environment: environment)?.file.assignments ?? []
    }

    /// Each name with the SHA-256 of its value in hex, sorted by name.
    public func digests(environment: [String: String] = [:]) throws(SettingsError) -> [(name: String, digest: String)] {
        try read(environment: environment)
            .sorted { $0.name < $1.name }
            .map { ($0.name, SHA256.hex(of: Array($0.value.reveal().utf8))) }
    }

    /// Sets every secret of `secrets`, or none; of a repeated name the last one counts.
    /// - Throws: ``SettingsError`` when a name or value cannot be kept or the file cannot be written.
    public func set(_ secrets: [(name: String, value: SecretValue)]) throws(SettingsError) {
        var quoted: [(name: String, quoted: String)] = []
        for (name, value) in secrets {
            try Self.check(name: name, value: value)
            guard let text = EnvQuoting.quoted(value.reveal()) else { throw .valueHoldsZeroByte(name: name) }
            quoted.append((name, text))
        }
        try change { text throws(SettingsError) in
            let count = text.names.union(quoted.map(\.name)).count
            guard count <= Self.secretsMax else { throw .tooManySecrets(count) }
            return text.setting(quoted)
        }
    }

    /// Removes the secrets of these names; a name that is not set is no error.
    public func unset(_ names: [String]) throws(SettingsError) {
        guard try SettingsFile.bytes(of: path) != nil else { return }
        try change { text in text.unsetting(Set(names)) }
    }

    private static func check(name: String, value: SecretValue) throws(SettingsError) {
        guard name.count <= nameCharactersMax else { throw .nameTooLong(characters: name.count) }
        guard EnvFile.isName(name) else { throw .invalidName(name) }
        guard value.byteCount <= valueBytesMax else { throw .valueTooLong(name: name, bytes: value.byteCount) }
    }

    private func change(_ edit: (SecretsText) throws(SettingsError) -> [UInt8]) throws(SettingsError) {
        try StateFolder.make(stateDirectory)
        let lock = try StateFolder.lock(stateDirectory)
        defer { lock.release() }
        let (bytes, mode) = try SettingsFile.bytes(of: path) ?? ([], 0)
        let text = try SecretsText(bytes, name: path)
        let changed = try edit(text)
        if changed != text.bytes || mode & 0o077 != 0 {
            try StateFolder.replace(path, with: changed, in: stateDirectory)
        }
    }
}
