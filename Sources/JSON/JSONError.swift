// Why a text is not JSON, and where.

/// A text that is not JSON as RFC 8259 says, or that is beyond a limit.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The line of the mistake, counted from 1.
    public let line: Int
    /// The column of the mistake in Unicode scalars, counted from 1.
    public let column: Int
    /// What is wrong, as half a sentence: `expected "," or "}"`.
    public let reason: String
    /// The member of the outermost object that has the mistake; nil when it is in none.
    public internal(set) var key: String?

    public var description: String { "line \(line), column \(column): \(reason)" }
}

/// How large a JSON text may be before it is refused.
public struct JSONLimits: Sendable {
    /// Arrays and objects inside each other. Default 64.
    public var depth: Int
    /// Bytes of the whole text. Default 64 MiB.
    public var bytes: Int

    public init(depth: Int = 64, bytes: Int = 64 << 20) {
        self.depth = depth
        self.bytes = bytes
    }
}
