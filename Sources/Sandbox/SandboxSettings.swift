// How the sandbox provider behaves, from the environment: at once, or like a provider that sleeps and limits.

/// Settings of the sandbox provider. Without any it draws at once, each time.
public struct SandboxSettings: Sendable, Equatable {
    /// `EDGE_SANDBOX_LOAD`: how long its model loads after the first use, and again after it was left idle. 0 to 3600 s.
    public var load: Duration = .zero
    /// `EDGE_SANDBOX_RATE`: one image in this time. 0 to 3600 s; 0 sets no limit.
    public var rate: Duration = .zero
    /// `EDGE_SANDBOX_FAIL`: every Nth image fails. 0 to 1000000; 0 lets none fail.
    public var failEvery: Int = 0
    /// `EDGE_SANDBOX_TIME`: how long one image takes. 0 to 3600 s.
    public var time: Duration = .zero

    public init() {}

    /// - Throws: ``SandboxSettingsError`` for a value that is no number in its range.
    public init(environment: [String: String]) throws(SandboxSettingsError) {
        load = try Self.seconds("EDGE_SANDBOX_LOAD", environment)
        rate = try Self.seconds("EDGE_SANDBOX_RATE", environment)
        time = try Self.seconds("EDGE_SANDBOX_TIME", environment)
        if let text = environment["EDGE_SANDBOX_FAIL"], !text.isEmpty {
            guard let number = Int(text), (0...1_000_000).contains(number) else {
                throw SandboxSettingsError(
                    name: "EDGE_SANDBOX_FAIL",
                    value: text,
                    allowed: "a whole number from 0 to 1000000"
                )
            }
            failEvery = number
        }
    }

    private static func seconds(
        _ name: String,
        _ environment: [String: String]
    ) throws(SandboxSettingsError) -> Duration {
        guard let text = environment[name], !text.isEmpty else { return .zero }
        // Digits and a point only: Double would also read "inf", "0x10" and "1e3".
        let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
        guard isPlain, let number = Double(text), (0...3600).contains(number) else {
            throw SandboxSettingsError(name: name, value: text, allowed: "a number of seconds from 0 to 3600")
        }
        return .milliseconds(Int64((number * 1000).rounded()))
    }
}

/// A sandbox setting that cannot be used. Says which, what it is, and what it may be.
public struct SandboxSettingsError: Error, Sendable, Equatable, CustomStringConvertible {
    public let name: String
    public let value: String
    public let allowed: String

    public var description: String { "\(name) is \"\(value.prefix(80))\"; use \(allowed)" }
}
