// A system call's failure with what was tried.
internal import Glibc

/// What the kernel refused, and during what.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The errno.
    public let code: Int32
    /// What was tried: "watching /srv", "listening on 127.0.0.1:8787".
    public let action: String

    public init(code: Int32, doing action: String) {
        self.code = code
        self.action = action
    }

    /// For the errno that the last call left.
    public static func last(doing action: String) -> SystemError { SystemError(code: errno, doing: action) }

    public var reason: String { String(cString: strerror(code)) }
    public var description: String { "\(action): \(reason)" }
}
