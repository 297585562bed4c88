// A setting of a provider that cannot be used.

/// Which setting cannot be used, and what to write instead. Never holds a key.
public struct ProviderSettingsError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The environment variable, such as `RUNWARE_BASE_URL`.
    public let name: String
    public let reason: String

    public init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }

    public var description: String { "\(name) \(reason)" }
}
