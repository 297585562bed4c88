// A provider token that the caller has brought: for this one call.

/// A caller's own provider token. Use it in place of the function's key for the call that it came with, keep it nowhere, and show it to
/// nobody; it does not print itself.
public struct CallerToken: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    private let text: String

    init?(_ request: Request) {
        guard let text = request.headers["Edge-Provider-Token"], !text.isEmpty else { return nil }
        self.text = text
    }

    /// The token itself.
    public func reveal() -> String { text }

    public var description: String { "[hidden]" }
    public var debugDescription: String { "[hidden]" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Request {
    /// At admission: the providers for which the caller has a token of its own. A ticket's lane on one of them may say ``Lane/isOwn``; its
    /// run then gets the token.
    public var ownTokens: [String] {
        headers["Edge-Own-Tokens"].map(Self.ownTokens) ?? []
    }

    static func ownTokens(_ field: String) -> [String] {
        field.split(separator: ",").map { String($0.drop { $0 == " " }) }
    }
}
