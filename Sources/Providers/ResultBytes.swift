// The bytes of one result, wherever they are.

/// What a provider sent as a picture or video, before anybody has looked into it.
public struct ResultBytes: Sendable, Equatable {
    private let held: [UInt8]

    public init(_ bytes: [UInt8]) { held = bytes }

    public var count: Int { held.count }

    /// A copy of all of them.
    public var bytes: [UInt8] { held }
}
