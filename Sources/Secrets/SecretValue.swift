// A value that must not be seen: it prints as `[secret]` wherever text is made of it.

/// Text that never prints itself. Description, interpolation, `dump` and mirrors show `[secret]`; it has no JSON form.
/// What it holds leaves it by ``reveal()`` and ``withUTF8(_:)`` alone, so that a search for those two finds every use.
public struct SecretValue: Sendable, Equatable {
    private let text: String

    /// Wraps `text`, which keeps its bytes as they are.
    public init(_ text: String) { self.text = text }

    /// The value itself. Hand it on to what needs it; do not store it in anything that prints.
    public func reveal() -> String { text }

    /// Calls `body` with the value's bytes, without a copy; they are valid during the call only.
    public func withUTF8<Output>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Output) rethrows -> Output {
        var text = self.text
        return try text.withUTF8(body)
    }

    /// Whether the value has no text at all. An empty key counts as "not set" for most providers.
    public var isEmpty: Bool { text.isEmpty }

    /// How many bytes the value has in UTF-8.
    public var byteCount: Int { text.utf8.count }

    /// Whether the value begins with `prefix`: enough to recognise a kind of key without showing it.
    public func hasPrefix(_ prefix: String) -> Bool { text.utf8.starts(with: prefix.utf8) }
}

extension SecretValue: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `[secret]`.
    public var description: String { "[secret]" }

    /// Always `[secret]`.
    public var debugDescription: String { "[secret]" }

    /// A mirror without children, so that `dump` and test failures show nothing.
    public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}
